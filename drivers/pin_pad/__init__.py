"""The keypad: matrix, debounce, and the PIN buffer."""
