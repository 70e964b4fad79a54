"""Taking in what students handed in: archives of learning management systems, folders, and nbgrader's exchange."""

from __future__ import annotations

from cs_cnn.course.intake.collecting import Collected, Submission, gather, store

__all__ = ["Collected", "Submission", "gather", "store"]
