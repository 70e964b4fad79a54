"""How a quiz is written down: YAML in which plain texts need no quoting, and what a quiz must have."""

from __future__ import annotations

import json
import re

import yaml

PLAIN = re.compile(r"^(?P<before>\s*(?:- )?(?P<key>question|text|feedback):[ ]+)(?P<value>[^\s|>\"'].*)$")
QUESTION_KEYS, ANSWER_KEYS = {"question", "answers"}, {"text", "right", "feedback"}


class QuizError(ValueError):
    """A quiz that readers could not answer: one sentence, and the line of the body (from 0)."""

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(sentence)
        self.line = line


def quote_plain_texts(body: str) -> str:
    """Quote the texts that YAML would misread; the number of lines stays the same."""
    lines = body.splitlines()
    made, row = [], 0
    while row < len(lines):
        match = PLAIN.match(lines[row])
        if not match:
            made.append(lines[row])
            row += 1
            continue
        column, value, end = match.start("key"), [match["value"]], row + 1
        while end < len(lines) and lines[end].strip() and len(lines[end]) - len(lines[end].lstrip()) > column:
            value.append(lines[end].strip())
            end += 1
        made.append(match["before"] + json.dumps(" ".join(value).strip(), ensure_ascii=False))
        made.extend([""] * (end - row - 1))
        row = end
    return "\n".join(made)


def read(body: str) -> list[dict[str, object]]:
    """Read and check a quiz's body.

    Returns
    -------
    list of dict
        The questions, each with ``question``, ``answers`` and ``line``.

    Raises
    ------
    QuizError
        Where the body is no YAML, or a question has no text, fewer than two answers, an answer without text or
        feedback, an unknown key, or not exactly one right answer.
    """
    try:
        root = yaml.compose(quote_plain_texts(body), Loader=yaml.SafeLoader)
        questions = yaml.safe_load(quote_plain_texts(body))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        sentence = f"the quiz is not YAML: {getattr(error, 'problem', None) or error}"
        raise QuizError(sentence, mark.line if mark else 0) from error
    if not isinstance(questions, list) or not questions:
        raise QuizError("the quiz must be a list of questions, each starting with '- question:'")
    for number, (question, node) in enumerate(zip(questions, root.value, strict=True), 1):
        line = node.start_mark.line
        if (
            not isinstance(question, dict)
            or not set(question) <= QUESTION_KEYS
            or not question.get("question")
        ):
            raise QuizError(f"question {number} must have the keys question and answers and no others", line)
        answers = question.get("answers")
        if not isinstance(answers, list) or len(answers) < 2:
            raise QuizError(f"question {number} needs at least two answers", line)
        for place, answer in enumerate(answers, 1):
            if not isinstance(answer, dict) or not set(answer) <= ANSWER_KEYS:
                raise QuizError(
                    f"answer {place} of question {number} may have text, right and feedback only", line
                )
            for key in ("text", "feedback"):
                if answer.get(key) in (None, ""):
                    raise QuizError(f"answer {place} of question {number} has no {key}", line)
            if not isinstance(answer.get("right", False), bool):
                raise QuizError(f"answer {place} of question {number} has right: must be true or false", line)
        if sum(answer.get("right", False) for answer in answers) != 1:
            raise QuizError(f"question {number} must have exactly one answer with 'right: true'", line)
        question["line"] = line
    return questions
