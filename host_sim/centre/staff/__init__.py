"""The city's staff: who may act at the centre, and how they prove who they are."""
