"""Delete the backward functions line by line, and see whether the checks notice (`python -m tools.mutation`)."""
