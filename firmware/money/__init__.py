"""Whole yen: what is owed, and which coins can pay it. Pure."""
