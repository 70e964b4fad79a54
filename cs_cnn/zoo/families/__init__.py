"""The architectures, one file per family; what is here registers itself."""
