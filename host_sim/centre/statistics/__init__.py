"""How many papers, through which channel, when, and at what cost: counted from audit rows and from files of others."""
