"""The residents' page: what became of a claim, by its code alone. See README.md."""
