"""What the city decides: its file, read strictly and by date; the rules in force; one signed site table a machine."""
