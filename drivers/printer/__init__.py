"""The certificate printer and the receipt printer: ESC/POS on a byte stream, one profile for each model."""
