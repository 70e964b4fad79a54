"""Trained weights: checkpoints of the well-known kind, and a net that comes with its weights."""
