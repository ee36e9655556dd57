"""What the machine says: the spoken words of every scene, composed from recorded pieces; see README.md."""
