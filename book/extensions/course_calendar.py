"""What `course.yml` says, in the book: ``{syllabus}``, ``{assignment} NAME`` and ``{ai-policies}``.

Nothing about weeks, points, dates or rules is written in a page; a mistake in the calendar is a warning with the
calendar's line, which fails a strict build. Where ``build/lite`` holds an assignment (`tools/lite.py`), a link opens it
in the browser, and ``{in-the-browser}`` says what that means; without that folder there is no word of it.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from cs_cnn.course import calendar
from cs_cnn.errors import CsCnnError

# | **Part A** | what is built | 17 |
_PART = re.compile(r"^\| \*\*(.+?)\*\* \| (.+?) \| (\d+) \|$", re.M)
IN_THE_BROWSER = """\
Or open it **in the browser**: nothing is installed, and nothing that you write is sent anywhere. Python starts
within half a minute; the first time it is loaded from this site, about 45 MB. What you write is kept in this browser,
on this computer, and nowhere else; whoever clears the browser's data clears it too. So choose *File → Download* when
you stop: the file you get is the one to hand in. A loop that never ends is stopped by *Kernel → Restart Kernel*.
"""
logger = logging.getLogger(__name__)


class CalendarDirective(SphinxDirective):
    """Read the calendar beside the book and parse what `text` makes of it."""

    def run(self) -> list[nodes.Node]:
        """Return the parsed text, or report what is wrong."""
        path = Path(self.env.srcdir).parent / "course.yml"
        self.env.note_dependency(str(path))
        try:
            text = self.text(calendar.load(path))
        except CsCnnError as error:
            logger.warning("%s", error, location=self.get_location(), type="calendar")
            return []
        holder = nodes.container()
        holder.document = self.state.document
        lines = StringList(text.splitlines(), source=self.env.doc2path(self.env.docname))
        self.state.nested_parse(lines, self.content_offset, holder)
        return holder.children

    def text(self, course: calendar.Course) -> str:
        """Write the directive's content in MyST."""
        raise NotImplementedError

    def to_book(self) -> str:
        """Return the path from the current page's folder to the folder of the book."""
        return "/".join([".."] * self.env.docname.count("/")) or "."

    def lite(self) -> Path:
        """Return the folder in which JupyterLite is built; the page is read anew when it comes or changes."""
        folder = Path(self.env.srcdir).parent / "build" / "lite"
        self.env.note_dependency(str(folder / "inputs.sha256"))
        return folder


class Syllabus(CalendarDirective):
    """The weeks of the course as a table with links to the chapters."""

    def text(self, course: calendar.Course) -> str:
        """Write the table."""
        return calendar.syllabus_table(course, book=self.to_book())


class AiPolicies(CalendarDirective):
    """The rules on AI assistants, each with its title."""

    def text(self, course: calendar.Course) -> str:
        """Write one entry for each rule that an assignment uses, then the others."""
        return "\n\n".join(f"**{policy.title}.** {policy.text}" for policy in course.ai_policies)


class InTheBrowser(CalendarDirective):
    """What to know before working in the browser, where assignments open there."""

    def text(self, course: calendar.Course) -> str:
        """Write the paragraph, or nothing."""
        return IN_THE_BROWSER if self.lite().is_dir() else ""


class AssignmentFacts(CalendarDirective):
    """One assignment: dates, points, the chapters it needs, the rule on AI assistants, and its files."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the facts, and the link into the browser; it is left out of print."""
        facts = super().run()
        lite = self.lite()
        if not facts or not lite.is_dir():
            return facts
        path = f"{self.arguments[0]}/*.ipynb"
        there = [each.relative_to(lite / "files").as_posix() for each in (lite / "files").glob(path)]
        short = html.escape(self.arguments[0].split("_")[0])
        words = f"{short} needs PyTorch, which runs in no browser."
        if there:
            href = html.escape(f"{self.to_book()}/lite/notebooks/index.html?path={there[0]}")
            words = f'<a class="reference external" href="{href}">Open {short} in the browser</a>'
        return [*facts, nodes.raw("", f'<p class="d-print-none">{words}</p>', format="html")]

    def text(self, course: calendar.Course) -> str:
        """Write the facts as a definition-like list, and a download for each released file."""
        each = course.assignment(self.arguments[0])
        policy, released = course.policy(each.ai_policy), course.week_start(each.released)
        chapters = ", ".join(
            f"[{course.chapter(file).title}]({self.to_book()}/{file}.md)" for file in each.chapters
        )
        due = f"{each.due:%A} {each.due.day} {each.due:%B %Y, %H:%M} ({course.time_zone})"
        facts = [
            f"- **Points:** {each.points}",
            f"- **Time:** about {each.hours:g} hours",
            f"- **Handed out:** {released:%A} {released.day} {released:%B %Y} (week {each.released})",
            f"- **Due:** {due}",
            f"- **Chapters:** {chapters}",
            f"- **AI assistants:** {policy.title}. {policy.text}",
        ]
        return "\n".join([*facts, *self.parts(each), "", *self.downloads(each)])

    def parts(self, each: calendar.Assignment) -> list[str]:
        """Write what is to be built and what it is worth, from the table in the notebook's first cell."""
        notebook = Path(self.env.srcdir).parent / "assignments" / each.name / f"{each.notebook}.ipynb"
        if not notebook.is_file():
            return []
        self.env.note_dependency(str(notebook))
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        rows = _PART.findall("".join(cells[0]["source"]))
        return [f"- **{name} ({points} points):** {what}" for name, what, points in rows]

    def downloads(self, each: calendar.Assignment) -> list[str]:
        """Write a download for each file in the student's folder."""
        folder = Path(self.env.srcdir).parent / "assignments" / each.name
        files = sorted(path for path in folder.glob("*") if path.is_file() and not path.name.startswith("."))
        if not files:
            logger.warning(
                "there are no files in %s; run the release first", folder.name, location=self.get_location()
            )
        up = f"{self.to_book()}/../assignments/{each.name}"
        links = ", ".join(f"{{download}}`{path.name} <{up}/{path.name}>`" for path in files)
        return [f"**Download:** {links}"] if links else []


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_directive("syllabus", Syllabus)
    app.add_directive("ai-policies", AiPolicies)
    app.add_directive("assignment", AssignmentFacts)
    app.add_directive("in-the-browser", InTheBrowser)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
