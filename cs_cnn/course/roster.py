"""Reading the list of students, and refusing what would become a wrong folder or a wrong mark."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from cs_cnn.errors import CsCnnError

COLUMNS = ("id", "first_name", "last_name", "email")
OPTIONAL = ("lms_id",)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,127}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Student:
    """One row of the roster; `lms_id` is the learning management system's own number for a student."""

    id: str
    first_name: str
    last_name: str
    email: str
    lms_id: str = ""


def is_student_id(text: str) -> bool:
    """Whether `text` can be a student's id, which is also the name of a folder."""
    return bool(_ID.fullmatch(text)) and not text.endswith(".")


def read(path: Path) -> list[Student]:
    r"""Read a roster.

    Parameters
    ----------
    path : pathlib.Path
        A CSV file in UTF-8 whose first line names the columns id, first_name, last_name and email; a column lms_id
        may be there, and other columns are ignored.

    Returns
    -------
    list of Student
        In the order of the file.

    Raises
    ------
    CsCnnError
        One sentence with the line: a missing column, a repeated id, an id that cannot name a folder, a control
        character, a row of the wrong length.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "students.csv"
    >>> _ = file.write_text("id,first_name,last_name,email\nada,Ada,Lovelace,ada@example.org\n")
    >>> read(file)[0].last_name
    'Lovelace'
    """

    def wrong(line: int, problem: str) -> CsCnnError:
        return CsCnnError(f"{path.name}, line {line}: {problem} ({path}).")

    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CsCnnError(f"Cannot read the roster {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise wrong(line, "a byte is not UTF-8; save the file as CSV UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    students: list[Student] = []
    seen: dict[str, int] = {}
    seen_there: dict[str, int] = {}
    header: list[str] | None = None
    try:
        for row in reader:
            line = reader.line_num
            if not any(value.strip() for value in row):
                continue
            if header is None:
                header = [name.strip().lower() for name in row]
                missing = [name for name in COLUMNS if name not in header]
                if missing and ";" in row[0]:
                    raise wrong(line, "the columns are separated by semicolons; save the file with commas")
                if missing:
                    problem = (
                        f"the column {missing[0]} is missing; the first line should be {','.join(COLUMNS)}"
                    )
                    raise wrong(line, problem)
                repeated = [name for name in (*COLUMNS, *OPTIONAL) if header.count(name) > 1]
                if repeated:
                    raise wrong(line, f"the column {repeated[0]} is there more than once")
                continue
            if len(row) != len(header):
                raise wrong(
                    line, f"there are {len(row)} values, and the first line has {len(header)} columns"
                )
            values = {
                name: value.strip()
                for name, value in zip(header, row, strict=True)
                if name in (*COLUMNS, *OPTIONAL)
            }
            student = Student(**values)
            if not is_student_id(student.id):
                problem = (
                    f"the id {student.id!r} cannot name a folder; "
                    "use letters, digits, dots, @, - and _, with a letter or a digit first"
                )
                raise wrong(line, problem)
            # Folders of ids that differ only in case are one folder on many file systems.
            if student.id.lower() in seen:
                raise wrong(line, f"the id {student.id!r} is already used in line {seen[student.id.lower()]}")
            if student.lms_id and student.lms_id in seen_there:
                other = seen_there[student.lms_id]
                raise wrong(line, f"the lms_id {student.lms_id!r} is already used in line {other}")
            for name, value in values.items():
                if _CONTROL.search(value):
                    raise wrong(
                        line, f"the {name} of {student.id} holds a line break or another control character"
                    )
            if student.email and not re.fullmatch(r"[^@\s]+@[^@\s]+", student.email):
                raise wrong(
                    line, f"{student.email!r} is not an e-mail address; leave it empty if there is none"
                )
            seen[student.id.lower()] = line
            seen_there[student.lms_id] = line
            students.append(student)
    except csv.Error as error:
        raise wrong(reader.line_num, f"this is not CSV: {error}") from error
    if header is None:
        raise wrong(1, f"the file is empty; the first line should be {','.join(COLUMNS)}")
    return students
