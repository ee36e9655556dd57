"""The registers as files: how a city's systems give residents, seals, taxes and family registers to the centre."""
