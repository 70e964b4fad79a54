r"""The directive ``{quiz}``: a self-check with feedback for each answer, for keyboard, screen reader and paper.

The body is a list in YAML; texts are inline MyST, so they may hold mathematics, code and links::

    ```{quiz} sizes
    - question: A $5 \times 5$ kernel slides over $32 \times 32$. How wide is the output?
      answers:
        - text: $28$
          right: true
          feedback: Yes: $32 - 5 + 1 = 28$.
        - text: $32$
          feedback: That needs padding of $2$.
    ```

A text that starts with neither a quotation mark nor ``|`` nor ``>`` is taken as it stands up to the next key, so
colons and backslashes need no quoting. Each question has one right answer. Without JavaScript every answer carries
its feedback in a ``<details>``; ``quiz.js`` turns that into a choice, a button and a spoken verdict.
"""

from __future__ import annotations

from docutils import nodes
from quiz_body import QuizError, read
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)


class quiz_node(nodes.General, nodes.Element):
    """A whole quiz; its questions are its children."""


class quiz_question(nodes.General, nodes.Element):
    """One question: the text, then the answers."""


class quiz_text(nodes.General, nodes.TextElement):
    """A question's, an answer's or a feedback's inline text; `role` says which."""


class quiz_answer(nodes.General, nodes.Element):
    """One answer: its text, then its feedback."""


class Quiz(SphinxDirective):
    """Build a quiz from its YAML body."""

    required_arguments = 1
    has_content = True

    @property
    def first_line(self) -> int:
        """The page's line on which the body starts; MyST counts the offset from the directive's own line."""
        return self.lineno + self.content_offset + 1

    def run(self) -> list[nodes.Node]:
        """Return the quiz, or report what is wrong with its line."""
        try:
            questions = read("\n".join(self.content))
        except QuizError as error:
            at = (self.env.docname, self.first_line + error.line)
            logger.warning("quiz %s: %s", self.arguments[0], error, location=at, type="quiz")
            return []
        name = nodes.make_id(f"quiz-{self.arguments[0]}")
        quiz = quiz_node(ids=[name])
        self.set_source_info(quiz)
        for number, question in enumerate(questions, 1):
            self.line_of_text = self.first_line + question["line"]
            part = quiz_question(number=number, total=len(questions))
            part += self.inline(question["question"], "question", f"{name}-{number}")
            for place, answer in enumerate(question["answers"], 1):
                key, group = f"{name}-{number}-{place}", f"{name}-{number}"
                choice = quiz_answer(key=key, group=group, place=place, right=answer.get("right", False))
                choice += self.inline(answer["text"], "answer", key)
                choice += self.inline(answer["feedback"], "feedback", key)
                part += choice
            quiz += part
        return [quiz]

    def inline(self, text: object, role: str, key: str) -> quiz_text:
        """Parse one text as inline MyST."""
        children, messages = self.state.inline_text(str(text).strip(), self.line_of_text)
        return quiz_text("", "", *children, *messages, role=role, key=key)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    import quiz_html

    app.add_directive("quiz", Quiz)
    quiz_html.add_nodes(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
