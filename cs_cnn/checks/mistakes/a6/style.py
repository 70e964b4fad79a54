"""Known mistakes with Gram matrices and the losses made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cs_cnn.checks.mistakes.mistake import Mistake


def _gram(features: Any) -> Any:
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def _matrix(change: Callable[[Any], Any]) -> Callable[..., Any]:
    def gram_matrix(features: Any) -> Any:
        return change(features)

    return gram_matrix


def _centred(features: Any) -> Any:
    return _gram(features - features.mean(dim=(2, 3), keepdim=True))


def _by_pixels(features: Any) -> Any:
    flat = features.flatten(2)
    return flat.transpose(1, 2) @ flat / flat.shape[2]


def _not_turned(features: Any) -> Any:
    n, c, h, w = features.shape
    flat = features.reshape(n, h * w, c)  # takes neighbours of one map for the channels of one place
    return flat.transpose(1, 2) @ flat / (h * w)


def _all_images(features: Any) -> Any:
    flat = features.transpose(0, 1).flatten(1)
    return (flat @ flat.T / flat.shape[1]).expand(features.shape[0], -1, -1)


def _one_matrix(features: Any) -> Any:
    flat = features.flatten(2).flatten(0, 1)
    return flat @ flat.T / flat.shape[1]


def _correlation(features: Any) -> Any:
    matrix = _gram(features)
    lengths = matrix.diagonal(dim1=1, dim2=2).sqrt()
    return matrix / (lengths[:, :, None] * lengths[:, None, :])


def _term(
    *,
    grams: Callable[[Any], Any] = _gram,
    distance: Callable[[Any], Any] = lambda d: (d**2).mean(),
    slope: Callable[[Any, Any], Any] = lambda s, f: s,
) -> dict[str, Callable[..., Any]]:
    """Build a style loss with one thing changed; the gradient belongs to the right loss."""

    def style_loss(features: Any, style: Any) -> Any:
        difference = _gram(features) - _gram(style)
        places = features.shape[2] * features.shape[3]
        right = (difference @ features.flatten(2)).reshape(features.shape) * (
            4 / (difference.numel() * places)
        )
        return distance(grams(features) - grams(style)), slope(right, features)

    return {"gram_matrix": _gram, "style_loss": style_loss}


def _total(
    *,
    contents: Callable[[Any, Any, str], Any] = lambda image, content, layer: (
        (image[layer] - content[layer]) ** 2
    ).mean(),
    wanted: Callable[[Any, Any, Any], Any] = lambda image, content, style: style,
    layers: Callable[[Any, Any], Any] = lambda weights, image: weights,
    grams: Callable[[Any], Any] = _gram,
    distance: Callable[[Any], Any] = lambda d: (d**2).mean(),
    scale: Callable[[Any], float] = lambda weights: 1.0,
    factors: Callable[[float, float], tuple[float, float]] = lambda alpha, beta: (alpha, beta),
) -> dict[str, Callable[..., Any]]:
    """Build a whole loss with one thing changed."""

    def transfer_loss(
        image: Any, content: Any, style: Any, content_layer: Any, style_weights: Any, alpha: Any, beta: Any
    ) -> Any:
        alpha, beta = factors(alpha, beta)
        loss = alpha * contents(image, content, content_layer)
        target = wanted(image, content, style)
        for layer, weight in layers(style_weights, image).items():
            loss = loss + beta * scale(style_weights) * weight * distance(
                grams(image[layer]) - grams(target[layer])
            )
        return loss

    return {"gram_matrix": _gram, "transfer_loss": transfer_loss}


def _everywhere(image: Any, content: Any, layer: str) -> Any:
    return sum(((image[name] - content[name]) ** 2).mean() for name in image)


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a6.gram_matrix, a6.style_loss and a6.transfer_loss."""

    def matrix(name: str, loses: tuple[str, ...], hint: str, change: Callable[[Any], Any]) -> Mistake:
        return Mistake(name, "a6.gram_matrix", {"gram_matrix": _matrix(change)}, loses, hint)

    def term(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a6.style_loss", _term(**changed), loses, hint)

    def total(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a6.transfer_loss", _total(**changed), loses, hint)

    both = ("one image", "batch")
    style = ("style", "both")
    return [
        matrix(
            "not_divided",
            both,
            "A picture of twice the size has the same style. By how much does your matrix grow?",
            lambda f: f.flatten(2) @ f.flatten(2).transpose(1, 2),
        ),
        matrix(
            "divided_by_channels_too",
            both,
            "Over how many products does one entry of the matrix take a mean? Channels are not among them.",
            lambda f: _gram(f) / f.shape[1],
        ),
        matrix(
            "covariance",
            both,
            "The Gram matrix takes the maps as they are. Do you subtract something first?",
            _centred,
        ),
        matrix(
            "correlation",
            both,
            "On the diagonal stands how strong a channel is. In your matrix every channel is equally strong.",
            _correlation,
        ),
        matrix(
            "places_instead_of_channels",
            both,
            "The matrix has a row and a column for each channel, and it forgets places. Which of the two has yours?",
            _by_pixels,
        ),
        matrix(
            "reshape_mixes_maps",
            both,
            "The shape is right and the numbers are not: reshape reads memory in its order. Does each of your rows "
            "hold the channels of one place?",
            _not_turned,
        ),
        matrix(
            "images_mixed",
            ("batch",),
            "Each picture has a style of its own. Your matrices in a batch are all equal.",
            _all_images,
        ),
        matrix(
            "one_matrix_for_everything",
            both,
            "The result has three axes: the image, and the two channels of a product.",
            _one_matrix,
        ),
        term(
            "sum_instead_of_mean",
            ("loss",),
            "The loss is a mean over the entries of the matrix, so that layers of many channels do not drown the rest.",
            distance=lambda d: (d**2).sum(),
        ),
        term(
            "size_instead_of_square",
            ("loss",),
            "Half the difference must cost a quarter. What does it cost in your loss?",
            distance=lambda d: d.abs().mean(),
        ),
        term(
            "root_of_the_mean",
            ("loss",),
            "Is there a root in the formula?",
            distance=lambda d: (d**2).mean().sqrt(),
        ),
        term(
            "halved",
            ("loss",),
            "Some books put a 1/2 in front of a squared error. Does this task?",
            distance=lambda d: (d**2).mean() / 2,
        ),
        term(
            "mean_maps_compared",
            ("loss",),
            "The mean of each channel says less than a Gram matrix: it does not know which channels are strong "
            "together.",
            grams=lambda f: f.mean(dim=(2, 3)),
        ),
        term(
            "one_factor_forgotten",
            ("dfeatures",),
            "A Gram matrix is a product in which the features stand twice. Each of the two factors has a derivative.",
            slope=lambda s, f: s / 2,
        ),
        term(
            "square_forgotten",
            ("dfeatures",),
            "Compare with a numerical gradient: the ratio is the same everywhere. Which exponent came down?",
            slope=lambda s, f: s / 4,
        ),
        term(
            "sign_of_the_gradient",
            ("dfeatures",),
            "A step against the gradient must bring the two matrices closer. Yours drives them apart.",
            slope=lambda s, f: -s,
        ),
        term(
            "places_forgotten",
            ("dfeatures",),
            "The Gram matrix is divided by something, and so is everything that is derived from it.",
            slope=lambda s, f: s * (f.shape[2] * f.shape[3]),
        ),
        term(
            "no_gradient",
            ("dfeatures",),
            "What became of the graph? A tensor that was detached, or made anew from numbers, no longer knows where it "
            "came from.",
            slope=lambda s, f: 0 * s,
        ),
        total(
            "style_of_the_content",
            style,
            "A well-known slide has this formula, and it is wrong: does your loss change when the style image is "
            "replaced by another?",
            wanted=lambda image, content, style: content,
        ),
        total(
            "channel_means_instead_of_gram",
            style,
            "The mean strength of each channel does not say which channels are strong together.",
            grams=lambda f: f.mean(dim=(2, 3)),
        ),
        total(
            "weights_forgotten",
            style,
            "What happens in your loss when the weight of a layer doubles?",
            layers=lambda weights, image: dict.fromkeys(weights, 1.0),
        ),
        total(
            "every_layer_has_style",
            style,
            "Only the layers with a weight take part in the style.",
            layers=lambda weights, image: {name: weights.get(name, 1.0) for name in image},
        ),
        total(
            "only_the_last_layer",
            style,
            "Is the sum over the layers really a sum? Look at what the last turn of the loop does to the result.",
            layers=lambda weights, image: dict(list(weights.items())[-1:]),
        ),
        total(
            "divided_by_the_layers",
            style,
            "The weights say how much every layer counts; nothing else divides the sum.",
            scale=lambda weights: 1 / len(weights),
        ),
        total(
            "sum_of_squares_in_the_style",
            style,
            "Both terms are means, so that they stay comparable when pictures grow.",
            distance=lambda d: (d**2).sum(),
        ),
        total(
            "content_in_every_layer",
            ("content", "both"),
            "The content is compared in one layer, whose name is given.",
            contents=_everywhere,
        ),
        total(
            "content_by_its_gram",
            ("content", "both"),
            "Content is about what stands where. Does your content term still know places?",
            contents=lambda image, content, layer: (
                (_gram(image[layer]) - _gram(content[layer])) ** 2
            ).mean(),
        ),
        total(
            "sum_of_squares_in_the_content",
            ("content", "both"),
            "A picture of twice the size should not cost more only because it has more places.",
            contents=lambda image, content, layer: ((image[layer] - content[layer]) ** 2).sum(),
        ),
        total(
            "weights_exchanged",
            ("content", "style", "both"),
            "Set alpha to 0: which of your two terms is gone?",
            factors=lambda alpha, beta: (beta, alpha),
        ),
    ]
