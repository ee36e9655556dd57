"""The city's notices: what is told on a day, with its picture, at a machine, at a desk and on paper."""
