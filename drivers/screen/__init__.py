"""Shows a drawn picture on the panel; see README.md."""
