"""Write the tables of `course.yml` into the README (`python -m tools.readme`)."""

from __future__ import annotations

from pathlib import Path

from cs_cnn.course import calendar
from cs_cnn.files import atomic_write

ROOT = Path(__file__).resolve().parents[1]
BEGIN = "<!-- begin: the tables of course.yml; a test holds them equal -->\n"
END = "<!-- end -->\n"


def with_tables(readme: str, course: calendar.Course) -> str:
    """Return the README with the tables between the two marks made new.

    Parameters
    ----------
    readme : str
        The text so far.
    course : Course
        The calendar.

    Returns
    -------
    str
    """
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    tables = f"\n{calendar.syllabus_table(course)}\n\n{calendar.assignments_table(course)}\n\n"
    return before + BEGIN + tables + END + after


def main() -> None:
    """Bring README.md up to date."""
    path = ROOT / "README.md"
    new = with_tables(path.read_text(encoding="utf-8"), calendar.load(ROOT / "course.yml"))
    with atomic_write(path) as file:
        file.write(new)


if __name__ == "__main__":
    main()
