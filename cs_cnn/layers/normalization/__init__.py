"""Layers that bring numbers to a common scale: over the batch, over the features, over neighbouring channels."""
