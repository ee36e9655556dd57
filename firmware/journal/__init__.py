"""The machine's memory: what it wrote down before it acted, and what follows from it after any power cut."""
