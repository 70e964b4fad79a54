"""Known mistakes with switches, unpooling and the rules for a ReLU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cs_cnn.checks.mistakes.mistake import Mistake


def _cut(x: Any, size: Any) -> Any:
    n, c, h, w = x.shape
    return (
        x.reshape(n, c, h // size[0], size[0], w // size[1], size[1])
        .permute(0, 1, 2, 4, 3, 5)
        .reshape(n, c, h // size[0], w // size[1], size[0] * size[1])
    )


def _pair(
    *,
    out: Callable[[Any], Any] = lambda windows: windows.amax(dim=-1),
    switch: Callable[[Any], Any] = lambda windows: windows.argmax(dim=-1),
    length: Callable[[Any], int] = lambda size: int(size[1]),
    back: Callable[[Any, Any], Any] = lambda y, out: y,
    share: Callable[[Any, Any], Any] | None = None,
    background: Callable[[Any], Any] = lambda x: 0 * x,
) -> dict[str, Callable[..., Any]]:
    """Build both functions with one thing changed."""

    def max_pool_switches(x: Any, size: Any) -> Any:
        windows = _cut(x, size)
        return out(windows), (switch(windows), x, tuple(size), out(windows))

    def unpool(y: Any, switches: Any) -> Any:
        won, x, size, pooled = switches
        dx = background(x)
        for n in range(y.shape[0]):
            for c in range(y.shape[1]):
                for i in range(y.shape[2]):
                    for j in range(y.shape[3]):
                        top, left = i * size[0], j * size[1]
                        if share is not None:
                            dx[n, c, top : top + size[0], left : left + size[1]] = share(y[n, c, i, j], size)
                            continue
                        row, column = divmod(int(won[n, c, i, j]), length(size))
                        row, column = min(top + row, x.shape[2] - 1), min(left + column, x.shape[3] - 1)
                        dx[n, c, row, column] = back(y, pooled)[n, c, i, j]
        return dx

    return {"max_pool_switches": max_pool_switches, "unpool": unpool}


def _everywhere_first(windows: Any, axis: int) -> Any:
    places = windows.argmax(dim=-1)
    return places.narrow(axis, 0, 1).expand_as(places)


def _rule(**rules: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Build the three rules with some of them changed."""
    known = {
        "gradient": lambda dout, x: dout * (x > 0),
        "deconvnet": lambda dout, x: dout * (dout > 0),
        "guided": lambda dout, x: dout * (x > 0) * (dout > 0),
    } | rules

    def relu_backward(dout: Any, x: Any, rule: Any) -> Any:
        return known[rule](dout, x)

    return relu_backward


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a6.unpool and a6.rectify."""

    def pool(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a6.unpool", _pair(**changed), loses, hint)

    def rule(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a6.rectify", {"relu_backward": _rule(**changed)}, loses, hint)

    back = ("one map", "batch")
    return [
        pool(
            "copied_into_the_whole_window",
            back,
            "Only one pixel of a window reached the next layer. Which of your copies goes where it was?",
            share=lambda value, size: value,
        ),
        pool(
            "shared_by_the_window",
            back,
            "Sharing a number evenly is what average pooling does on the way back. Here one pixel won.",
            share=lambda value, size: value / (size[0] * size[1]),
        ),
        pool(
            "always_in_the_corner",
            back,
            "The map is sharp, but every number stands in the first place of its window. What were the switches for?",
            switch=lambda windows: 0 * windows.argmax(dim=-1),
        ),
        pool(
            "row_of_the_wrong_length",
            back,
            "A place in a window counts row by row. How long is a row: the height of the window, or its width?",
            length=lambda size: int(size[0]),
        ),
        pool(
            "the_old_maximum_goes_back",
            back,
            "Send all zeros back: what comes out? The numbers are those of y; the switches only say where they go.",
            back=lambda y, out: out,
        ),
        pool(
            "the_rest_keeps_the_image",
            back,
            "What a window's other pixels were is lost in the pooling, so nothing is known there.",
            background=lambda x: x.clone(),
        ),
        pool(
            "switches_of_the_smallest",
            back,
            "The switch of a window says where its largest number stood. Print one window and its switch.",
            switch=lambda windows: windows.argmin(dim=-1),
        ),
        pool(
            "switches_of_the_first_channel",
            ("batch",),
            "Different channels look for different things, so their maxima stand in different places.",
            switch=lambda windows: _everywhere_first(windows, 1),
        ),
        pool(
            "switches_of_the_first_image",
            ("batch",),
            "All images are put back as if they were the first one. Whose switches are these?",
            switch=lambda windows: _everywhere_first(windows, 0),
        ),
        pool(
            "mean_instead_of_maximum",
            ("out",),
            "What should one window of max pooling give for the numbers 1, 2 and 9?",
            out=lambda windows: windows.mean(dim=-1),
        ),
        pool(
            "maximum_with_zero",
            ("out",),
            "What is the largest of the numbers -3, -1 and -2?",
            out=lambda windows: windows.amax(dim=-1).clamp(min=0),
        ),
        rule(
            "gradient_and_deconvnet_exchanged",
            ("gradient", "deconvnet"),
            "Two rules, two questions: was the unit on when the image went forward, or is the signal positive now? "
            "Which question belongs to the slope of ReLU?",
            gradient=lambda dout, x: dout * (dout > 0),
            deconvnet=lambda dout, x: dout * (x > 0),
        ),
        rule(
            "deconvnet_is_the_gradient",
            ("deconvnet",),
            "The deconvnet does not ask which units were on. It applies the same ReLU again: to what?",
            deconvnet=lambda dout, x: dout * (x > 0),
        ),
        rule(
            "deconvnet_is_guided",
            ("deconvnet",),
            "Your deconvnet lets less through than it should: one of your two conditions belongs to another rule.",
            deconvnet=lambda dout, x: dout * (x > 0) * (dout > 0),
        ),
        rule(
            "deconvnet_of_x",
            ("deconvnet",),
            "The result must follow dout: twice the signal, twice the answer. Does yours?",
            deconvnet=lambda dout, x: x * (x > 0),
        ),
        rule(
            "gradient_is_rectified_too",
            ("gradient",),
            "A gradient may be negative. Where does yours lose its negative numbers?",
            gradient=lambda dout, x: dout * (x > 0) * (dout > 0),
        ),
        rule(
            "slope_without_signal",
            ("gradient",),
            "The chain rule has one more factor than the slope of ReLU.",
            gradient=lambda dout, x: 1.0 * (x > 0),
        ),
        rule(
            "guided_is_either",
            ("guided",),
            "Guided backpropagation is stricter than each of the two others, so it never lets more through.",
            guided=lambda dout, x: dout * ((x > 0) | (dout > 0)),
        ),
        rule(
            "guided_is_the_gradient",
            ("guided",),
            "Guided backpropagation shows nothing negative. Can your result be negative?",
            guided=lambda dout, x: dout * (x > 0),
        ),
        rule(
            "guided_is_the_deconvnet",
            ("guided",),
            "Is anything in your result where the unit was off?",
            guided=lambda dout, x: dout * (dout > 0),
        ),
    ]
