"""Whether the machine serves: hours, health, lockout. Pure."""
