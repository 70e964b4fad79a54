"""Grading: one submission after another, each with a score, a state and a reason."""
