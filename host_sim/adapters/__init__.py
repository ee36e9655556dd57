"""How bytes, APDUs and pin levels reach a model: pty, vpcd, gpiozero, TLS, or memory in virtual time."""
