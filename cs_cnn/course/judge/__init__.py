"""Grading in two processes: what a student can edit runs in one, and what gives points in another.

The student's kernel runs the ordinary cells. The judge's kernel runs the locked and the graded cells, as the
instructor wrote them; there the names of the student's functions are proxies, whose calls travel through a Unix
socket as data.

- `cs_cnn.course.judge.wire`: messages, as JSON with the bytes of ``.npy`` files behind it.
- `cs_cnn.course.judge.values`, `cs_cnn.course.judge.exchange`: what can cross, and how the two sides speak of the same
  object.
- `cs_cnn.course.judge.replying`: the student's side; its source is handed to the student's kernel.
- `cs_cnn.course.judge.link`, `notes`, `proxies` and `copies`: the judge's side; `session` is what its kernel runs.
- `cs_cnn.course.judge.trusted`, `cs_cnn.course.judge.cells`: which cell runs where; the class to put in the place of
  nbgrader's Execute.
"""
