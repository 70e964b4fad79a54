"""The formats in which data sets are stored: how to read each, and what to say when a file is damaged."""
