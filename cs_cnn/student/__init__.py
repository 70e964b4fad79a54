"""The students' side of the command `cs-cnn`: check, doctor and submit. It needs neither nbgrader nor Jupyter."""
