"""Claims: what a machine owes to a resident, who pays it, and who hears of it. See README.md."""
