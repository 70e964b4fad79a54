"""Layers that slide one set of weights over all positions."""
