"""The outside world: card, coins, printer, keys, the issuing centre, and a front panel to operate them; see README.md."""
