"""A drawn picture on a panel of pixels; see README.md."""
