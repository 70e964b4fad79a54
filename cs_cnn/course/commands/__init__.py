"""The instructors' commands of `cs-cnn`, a file each; everything heavy is imported when a command runs."""
