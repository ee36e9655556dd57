"""Certificates on My Number cards: their path to a CA that the city accepts, and whether they are revoked."""
