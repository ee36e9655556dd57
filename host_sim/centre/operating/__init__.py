"""Operating the centre: what its people see of it, and what protects it from a flood and from a change made in silence."""
