"""The desk: web pages for the city's staff, made on the server, without JavaScript."""
