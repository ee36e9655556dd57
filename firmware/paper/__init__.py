"""Paper: the centre's documents as dots, and the machine's own receipt and claim slip; see README.md."""
