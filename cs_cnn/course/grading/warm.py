"""Imported once by the process from which the grading processes are forked: it takes seconds, and forking does not."""

import nbclient
import nbconvert
import nbgrader.api
import nbgrader.converters
import numpy

import cs_cnn.course.grading.one
import cs_cnn.course.grading.preprocessors

__all__ = ["cs_cnn", "nbclient", "nbconvert", "nbgrader", "numpy"]
