"""What stands behind the Makefile: making the environment, building the book, running the demonstration."""
