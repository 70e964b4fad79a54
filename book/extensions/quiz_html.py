"""How a quiz is written: a fieldset of radio buttons per question in HTML, plain paragraphs elsewhere."""

from __future__ import annotations

import string

from docutils import nodes
from quiz import quiz_answer, quiz_node, quiz_question, quiz_text
from sphinx.application import Sphinx

OPEN = {
    "question": '<legend class="quiz-legend">',
    "answer": '<label class="quiz-label" for="{key}"><span class="quiz-letter">{letter}</span>',
    "feedback": '<details class="quiz-details"><summary>Is that right?</summary><p class="quiz-feedback">',
}
CLOSE = {"question": "</span></legend>", "answer": "</label>", "feedback": "</p></details>"}


def visit_quiz(self, node: quiz_node) -> None:
    self.body.append(self.starttag(node, "div", CLASS="quiz"))


def depart_quiz(self, node: quiz_node) -> None:
    self.body.append('<p class="quiz-score" role="status"></p></div>\n')


def visit_question(self, node: quiz_question) -> None:
    self.body.append('<fieldset class="quiz-question">')


def depart_question(self, node: quiz_question) -> None:
    self.body.append('<div class="quiz-result" role="status" aria-live="polite"></div></fieldset>\n')


def visit_answer(self, node: quiz_answer) -> None:
    verdict = "right" if node["right"] else "wrong"
    self.body.append(
        f'<div class="quiz-answer" data-verdict="{verdict}">'
        f'<input type="radio" id="{node["key"]}" name="{node["group"]}" value="{verdict}">'
    )


def depart_answer(self, node: quiz_answer) -> None:
    self.body.append("</div>\n")


def visit_text(self, node: quiz_text) -> None:
    # The letter names an answer that is a formula only, and lets a class talk about "answer B".
    letter = string.ascii_uppercase[node.parent.get("place", 1) - 1]
    self.body.append(OPEN[node["role"]].format(key=node["key"], letter=letter))
    if node["role"] == "question":
        number, total = node.parent["number"], node.parent["total"]
        self.body.append(
            f'<span class="quiz-number">Question {number} of {total}</span> <span class="quiz-ask">'
        )
    if node["role"] == "feedback":
        self.body.append(f"<strong>{'Right.' if node.parent['right'] else 'Not quite.'}</strong> ")


def depart_text(self, node: quiz_text) -> None:
    self.body.append(CLOSE[node["role"]])


def plain_visit(self, node: nodes.Element) -> None:
    """Write nothing of our own in other formats; the texts appear one after the other."""


def plain_depart(self, node: nodes.Element) -> None:
    """Write nothing."""


def add_nodes(app: Sphinx) -> None:
    """Tell Sphinx how to write the four kinds of nodes."""
    others = {name: (plain_visit, plain_depart) for name in ("latex", "text", "man", "texinfo")}
    app.add_node(quiz_node, html=(visit_quiz, depart_quiz), **others)
    app.add_node(quiz_question, html=(visit_question, depart_question), **others)
    app.add_node(quiz_answer, html=(visit_answer, depart_answer), **others)
    app.add_node(quiz_text, html=(visit_text, depart_text), **others)
