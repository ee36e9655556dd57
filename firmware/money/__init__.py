"""Which coins can pay an amount, and which may be taken. Whole yen; pure."""
