"""Where the real session, desks, drivers and journal meet the models, in memory and virtual time; see README.md."""
