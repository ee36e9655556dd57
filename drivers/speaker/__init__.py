"""Sounds on a loudspeaker or an earphone, over ALSA; see README.md."""
