"""The outside world: card, coins, printer, keys, the issuing centre, and a front panel to play with them; see README.md."""
