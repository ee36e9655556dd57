"""Incidents: what a person must look at, with the evidence of machine and centre side by side. See README.md."""
