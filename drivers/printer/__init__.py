"""The certificate printer and the receipt printer: ESC/POS on a byte stream, told apart by their profiles."""
