"""The poster that hangs beside a machine or at a desk, from the city's file."""
