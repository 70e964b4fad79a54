"""Known mistakes with frozen features and the head that learns on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cs_cnn.checks.mistakes.mistake import Mistake


def _extract(
    *,
    evaluate: bool = True,
    pool: Callable[[Any], Any] = lambda maps: maps.mean(dim=(2, 3)),
    stop: Callable[[int, int], int] = lambda count, batch_size: count,
    graph: bool = False,
    join: Callable[[list[Any], Any], Any] = lambda parts, torch: torch.cat(parts),
) -> Callable[..., Any]:
    """Build an extraction with one thing changed."""

    def extract_features(net: Any, images: Any, batch_size: Any) -> Any:
        import torch

        net.train(not evaluate)
        parts = []
        with torch.set_grad_enabled(graph):
            for start in range(0, stop(len(images), batch_size), batch_size):
                parts.append(pool(net(images[start : start + batch_size])))
        return join(parts, torch)

    return extract_features


def _head(
    *,
    rate: float = 0.5,
    labels: Callable[[Any], Any] = lambda y: y,
    shape: Callable[[Any, Any], Any] = lambda w, b: (w, b),
    bias: bool = True,
) -> Callable[..., Any]:
    """Build a training with one thing changed."""

    def train_head(features: Any, labels_: Any, classes: Any, seed: Any) -> Any:
        import torch

        w = torch.zeros(features.shape[1], classes)
        b = torch.zeros(classes)
        x, y = features.float(), labels(labels_)
        for _ in range(200):
            slope = ((x @ w + b).softmax(dim=1) - torch.nn.functional.one_hot(y, classes)) / len(x)
            w -= rate * x.T @ slope
            if bias:
                b -= rate * slope.sum(dim=0)
        return shape(w, b)

    return train_head


def _drawn_again(y: Any) -> Any:
    """Return the labels in an order that has nothing to do with the features."""
    import torch

    return y[torch.randperm(len(y), generator=torch.Generator().manual_seed(4))]


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a6.extract_features and a6.train_head."""

    def extract(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a6.extract_features", {"extract_features": _extract(**changed)}, loses, hint)

    def head(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(
            name, "a6.train_head", {"train_head": _head(**changed)}, loses, hint, told_by_check=True
        )

    values = ("values", "last batch")
    learning = ("learns", "new images")
    return [
        extract(
            "left_in_training_mode",
            values,
            "An image has other features in other company. Which layer looks at the whole batch, and until when?",
            evaluate=False,
        ),
        extract(
            "maps_flattened",
            values,
            "Each map becomes one number, whatever its height and width.",
            pool=lambda maps: maps.flatten(1),
        ),
        extract(
            "places_kept",
            values,
            "The features of an image are a row of numbers; axes of length 1 are axes too.",
            pool=lambda maps: maps.mean(dim=(2, 3), keepdim=True),
        ),
        extract(
            "maximum_of_a_map",
            values,
            "The task asks for the mean of a map. Its maximum is another feature.",
            pool=lambda maps: maps.amax(dim=(2, 3)),
        ),
        extract(
            "sum_of_a_map",
            values,
            "A larger picture should not have larger features. Sum or mean?",
            pool=lambda maps: maps.sum(dim=(2, 3)),
        ),
        extract(
            "last_batch_dropped",
            ("last batch",),
            "Seven images in batches of three: how many rows come back?",
            stop=lambda count, batch_size: count - count % batch_size,
        ),
        extract(
            "only_the_last_batch",
            values,
            "What does the second batch do to the features of the first?",
            join=lambda parts, torch: parts[-1],
        ),
        extract(
            "graph_kept",
            ("no graph",),
            "With a graph behind them, the features keep every map of every image in memory. Nothing will be "
            "differentiated here.",
            graph=True,
        ),
        head(
            "never_updated",
            learning,
            "Other labels give exactly the same W. Do the steps change the tensors that you return?",
            rate=0.0,
        ),
        head(
            "uphill",
            learning,
            "A head that answers worse than chance has learned something: the opposite. Which way does the gradient "
            "point?",
            rate=-0.1,
        ),
        head(
            "bias_not_trained",
            learning,
            "One class lies between the two others, around 0, where x W is 0 for every class. What else can lift its "
            "score?",
            bias=False,
        ),
        head(
            "labels_of_other_images",
            learning,
            "Each label belongs to one image. Do features and labels still have the same order where the loss meets "
            "them?",
            labels=_drawn_again,
        ),
        head(
            "W_transposed",
            ("form", *learning),
            "In features @ W the columns of the features meet the rows of W. A linear layer of PyTorch keeps its "
            "weight the other way round.",
            shape=lambda w, b: (w.T, b),
        ),
    ]
