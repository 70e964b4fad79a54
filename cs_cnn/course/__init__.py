"""The instructors' side: calendar, release, grading, feedback and marks; the only part that knows nbgrader."""
