"""What this machine is and where its devices are (the unit file), and what staff sets over it."""
