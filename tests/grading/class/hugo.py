# The notebook as it was released: nothing filled in.
