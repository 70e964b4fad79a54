"""Assignment 6: the reference solution, points, fairness, and what is never graded."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from cs_cnn import checks
from cs_cnn.checks.assignments.a6 import TASKS
from cs_cnn.checks.mistakes import bank

Functions = dict[str, Callable[..., Any]]
EVERY = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)


@pytest.fixture(scope="module")
def solution(solutions: Callable[[str], Functions]) -> Functions:
    """Return the functions of the reference solution by name."""
    return solutions("a6")


def known(task: str, name: str) -> Functions:
    return dict(next(mistake for mistake in bank(task) if mistake.name == name).functions)


def lost(report: Any) -> list[str]:
    return [part.name for part in report.parts if not part.ok]


@EVERY
def test_a_wrong_answer_is_judged_quickly_too(task: checks.Task) -> None:
    """The known mistakes are replayed then."""
    mistake = bank(task.name)[0]
    start = time.process_time()
    assert not checks.run(task.name, mistake.functions).ok
    assert time.process_time() - start < 3.0


def test_the_points_leave_thirteen_for_two_written_answers() -> None:
    assert sum(task.points for task in TASKS) == 87


@EVERY
def test_an_unfinished_task_says_so(task: checks.Task) -> None:
    functions = {}
    for name in task.functions:

        def unfinished(*arguments: Any, **options: Any) -> Any:
            raise NotImplementedError

        unfinished.__code__ = unfinished.__code__.replace(co_name=name)
        functions[name] = unfinished
    report = checks.run(task.name, functions)
    assert report.points == 0 and not report.broken
    assert "not implemented yet" in report.messages[0]


@EVERY
@pytest.mark.parametrize("value", [None, 0.0, np.zeros(3), torch.zeros(2, 2), "text", (None, None), []])
def test_an_answer_to_another_question_earns_nothing_and_breaks_nothing(
    task: checks.Task, value: Any
) -> None:
    report = checks.run(task.name, {name: lambda *a, **o: value for name in task.functions})
    assert report.points == 0 and not report.broken


@EVERY
def test_an_error_is_told_with_its_message(task: checks.Task) -> None:
    def fails(*arguments: Any, **options: Any) -> Any:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    report = checks.run(task.name, dict.fromkeys(task.functions, fails))
    assert report.points == 0 and not report.broken
    assert "mat1 and mat2" in str(report)


@pytest.mark.parametrize("task", ["a6.style_loss", "a6.transfer_loss"])
@pytest.mark.parametrize("name", ["not_divided", "covariance"])
def test_a_loss_may_follow_from_ones_own_gram_matrix(solution: Functions, task: str, name: str) -> None:
    wrong = known("a6.gram_matrix", name)["gram_matrix"]
    later = solution[task.removeprefix("a6.")]

    def written(*arguments: Any) -> Any:
        before = later.__globals__["gram_matrix"]
        later.__globals__["gram_matrix"] = wrong  # as in a notebook, where one function calls the other
        try:
            return later(*arguments)
        finally:
            later.__globals__["gram_matrix"] = before

    for seed in range(5):
        report = checks.run(task, [wrong, written], hidden=True, seed=seed)
        assert report.ok, str(report)
        assert any("follows from your own" in remark for remark in report.advice)


def test_a_gradient_may_follow_from_ones_own_loss(solution: Functions) -> None:
    def style_loss(features: Any, style: Any) -> Any:
        x = features.clone().requires_grad_()
        gram = solution["gram_matrix"]
        loss = ((gram(x) - gram(style)) ** 2).sum()  # the task asks for the mean
        loss.backward()
        return loss, x.grad

    report = checks.run("a6.style_loss", [solution["gram_matrix"], style_loss], hidden=True, seed=3)
    assert lost(report) == ["loss"]


def test_losses_of_nothing_earn_nothing() -> None:
    flat = lambda features: torch.ones(len(features), features.shape[1], features.shape[1])  # noqa: E731
    report = checks.run("a6.style_loss", [flat, lambda features, style: (0.0, 0 * features)])
    assert report.points == 0
    report = checks.run("a6.style_loss", [flat, lambda f, s: (f.sum(), torch.ones_like(f))])
    assert report.points == 0
    report = checks.run("a6.transfer_loss", [flat, lambda image, *rest: sum(map(torch.sum, image.values()))])
    assert report.points == 0


def test_a_suppression_may_follow_from_ones_own_overlaps() -> None:
    box_iou = known("a6.box_iou", "over_the_smaller_box")["box_iou"]

    def nms(boxes: Any, scores: Any, threshold: Any) -> Any:
        order, kept = list(np.argsort(-scores)), []
        while order:
            kept.append(order.pop(0))
            order = [o for o in order if box_iou(boxes[kept[-1:]], boxes[[o]])[0, 0] <= threshold]
        return kept

    reports = [checks.run("a6.nms", [box_iou, nms], hidden=True, seed=seed) for seed in range(10)]
    assert all(report.ok for report in reports)
    assert any(report.advice for report in reports)  # with these overlaps other boxes are kept


def test_a_suppression_does_not_follow_from_overlaps_that_fail(solution: Functions) -> None:
    def box_iou(a: Any, b: Any) -> Any:
        raise ValueError("not today")

    assert checks.run("a6.nms", [box_iou, solution["nms"]]).ok  # the suppression has overlaps of its own
    report = checks.run("a6.nms", [lambda a, b: np.zeros((len(a), len(b))), lambda b, s, t: np.argsort(-s)])
    assert lost(report) == ["kept"]


@pytest.mark.parametrize(
    "form", [lambda kept, n: np.isin(np.arange(n), kept), lambda kept, n: [*kept, kept[0]]]
)
def test_what_is_no_list_of_places_is_told(solution: Functions, form: Callable[..., Any]) -> None:
    def nms(boxes: Any, scores: Any, threshold: Any) -> Any:
        return form(solution["nms"](boxes, scores, threshold), len(boxes))

    report = checks.run("a6.nms", [solution["box_iou"], nms])
    assert report.points == 0
    assert "must return the places of the boxes" in report.messages[0]


@pytest.mark.parametrize(
    ("task", "name", "change", "parts"),
    [
        ("a6.unpool", "max_pool_switches", lambda got: (got[0] + 1, got[1]), ["out"]),
        ("a6.yolo_decode", "yolo_decode", lambda got: (got[0] + 1, *got[1:]), ["boxes"]),
        ("a6.yolo_decode", "yolo_decode", lambda got: (got[0], got[1] / 2, got[2]), ["scores"]),
        ("a6.yolo_decode", "yolo_decode", lambda got: (*got[:2], got[2] + 1), ["labels"]),
        ("a6.style_loss", "style_loss", lambda got: (got[0] + 1, got[1]), ["loss"]),
        ("a6.style_loss", "style_loss", lambda got: (got[0], got[1] + 1), ["dfeatures"]),
        ("a6.nms", "nms", lambda got: got[::-1], ["order"]),
        ("a6.nms", "nms", lambda got: got[:-1], ["kept"]),
        ("a6.train_head", "train_head", lambda got: (got[0].T, got[1]), ["form", "learns", "new images"]),
    ],
)
def test_each_part_counts_alone(
    solution: Functions, task: str, name: str, change: Callable[..., Any], parts: list[str]
) -> None:
    report = checks.run(task, solution | {name: lambda *a: change(solution[name](*a))})
    assert lost(report) == parts
    assert report.hints


def test_a_graph_costs_its_part_only() -> None:
    def extract_features(net: Any, images: Any, batch_size: Any) -> Any:
        net.eval()
        return torch.cat([net(batch).mean(dim=(2, 3)) for batch in images.split(batch_size)])

    report = checks.run("a6.extract_features", extract_features)
    assert lost(report) == ["no graph"]


def test_a_map_must_not_depend_on_squares(solution: Functions) -> None:
    """Images are never square, so that a map turned over shows."""
    for seed in range(5):
        turned = lambda *a: solution["saliency"](*a).T  # noqa: E731
        assert checks.run("a6.saliency", turned, hidden=True, seed=seed).points == 0
        turned = lambda *a: solution["occlusion"](*a).T  # noqa: E731
        assert checks.run("a6.occlusion", turned, hidden=True, seed=seed).points == 0


def test_the_winner_of_a_tie_is_not_graded() -> None:
    """The last of equal numbers may win as well as the first."""

    def max_pool_switches(x: Any, size: Any) -> Any:
        flipped, places = torch.nn.functional.max_pool2d(x.flip(2, 3), size, return_indices=True)
        return flipped.flip(2, 3), (places, tuple(size))

    def unpool(y: Any, switches: Any) -> Any:
        places, size = switches
        return torch.nn.functional.max_unpool2d(y.flip(2, 3), places, size).flip(2, 3)

    assert all(
        checks.run("a6.unpool", [max_pool_switches, unpool], hidden=True, seed=seed).ok for seed in range(30)
    )


def test_a_prediction_without_a_box_keeps_the_form(solution: Functions) -> None:
    boxes, scores, labels = solution["yolo_decode"](np.zeros((3, 3, 12)), (60, 90), 2, 0.5)
    assert (boxes.shape, scores.shape, labels.shape) == ((0, 4), (0,), (0,))


@pytest.mark.parametrize(
    ("task", "given", "wanted"),
    [
        ("box_iou", lambda: (np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2]])), [[1 / 3]]),
        (
            "relu_backward",
            lambda: (torch.tensor([2.0, 2, -3, -3]), torch.tensor([1.0, -1, 1, -1]), "gradient"),
            [2, 0, -3, 0],
        ),
        ("gram_matrix", lambda: (torch.tensor([[[[1.0, 3]], [[2.0, 0]]]]),), [[[5, 1], [1, 2]]]),
        (
            "forward_without",
            lambda: (torch.tensor(1.0), [lambda x, k=k: k * x for k in (2, 3, 4)], (1,), True),
            15,
        ),
    ],
)
def test_the_numbers_worked_in_the_text(
    solution: Functions, task: str, given: Callable[[], tuple[Any, ...]], wanted: Any
) -> None:
    assert np.allclose(np.asarray(solution[task](*given())), wanted)


def test_the_worked_box_goes_there_and_back(solution: Functions) -> None:
    box = np.array([[60.0, 40, 100, 80]])
    target = solution["yolo_encode"](box, np.array([1]), (100, 200), 4, 2, 3)
    assert np.allclose(target[2, 1], [0.6, 0.4, 0.2, 0.4, 1] * 2 + [0, 1, 0])
    boxes, scores, labels = solution["yolo_decode"](target, (100, 200), 2, 0.5)
    assert np.allclose(boxes, [box[0], box[0]])
    assert scores.tolist() == [1, 1] and labels.tolist() == [1, 1]


def test_the_worked_losses(solution: Functions) -> None:
    two, one, zero = (torch.full((1, 1, 1, 1), value) for value in (2.0, 1.0, 0.0))
    loss, slope = solution["style_loss"](two, one)
    assert (float(loss), float(slope)) == (9, 24)
    total = solution["transfer_loss"]({"a": two}, {"a": zero}, {"a": one}, "a", {"a": 0.5}, 1, 2)
    assert float(total) == 13
