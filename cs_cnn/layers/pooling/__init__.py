"""Layers that make one number of each window, channel by channel."""
