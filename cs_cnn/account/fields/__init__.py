"""Receptive fields: what of the image a number in the net can see."""
