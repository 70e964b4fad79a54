"""Walking a net, whatever it is made of, and counting what is met on the way."""
