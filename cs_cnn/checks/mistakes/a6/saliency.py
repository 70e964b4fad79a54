"""Known mistakes with saliency and occlusion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cs_cnn.checks.mistakes.mistake import Mistake


def _saliency(
    *,
    what: Callable[[Any, int], Any] = lambda scores, label: scores[label],
    pixels: Callable[[Any, Any], Any] = lambda slope, image: slope.abs().amax(dim=0),
) -> Callable[..., Any]:
    """Build a map with one thing changed: what is differentiated, or what becomes of the slopes."""

    def saliency(net: Any, image: Any, label: Any) -> Any:
        x = image.clone().requires_grad_()
        what(net(x[None])[0], label).backward()
        return pixels(x.grad, image)

    return saliency


def _occlusion(
    *,
    score: Callable[[Any, int], Any] = lambda scores, label: scores[label],
    drop: Callable[[Any, Any], Any] = lambda whole, covered: whole - covered,
    start: Callable[[int, int], int] = lambda place, stride: place * stride,
    count: Callable[[int, int, int], int] = lambda n, size, stride: (n - size) // stride + 1,
    value: Callable[[float], float] = lambda fill: fill,
    channels: Callable[[Any], Any] = lambda image: image,
    again: bool = False,
    turned: bool = False,
) -> Callable[..., Any]:
    """Build a map with one thing changed."""

    def occlusion(net: Any, image: Any, label: Any, size: Any, stride: Any, fill: Any) -> Any:
        whole = score(net(image[None])[0], label)
        rows, columns = (count(n, size, stride) for n in image.shape[1:])
        drops = image.new_zeros(rows, columns)
        covered = image.clone()
        for i in range(rows):
            for j in range(columns):
                covered = covered if again else image.clone()
                top, left = (
                    (start(j, stride), start(i, stride)) if turned else (start(i, stride), start(j, stride))
                )
                channels(covered)[:, top : top + size, left : left + size] = value(fill)
                drops[i, j] = drop(whole, score(net(covered[None])[0], label))
        return drops

    return occlusion


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a6.saliency and a6.occlusion."""

    def gradient(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a6.saliency", {"saliency": _saliency(**changed)}, loses, hint)

    def covering(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a6.occlusion", {"occlusion": _occlusion(**changed)}, loses, hint)

    both = ("one channel", "three channels")
    every = ("side by side", "overlapping", "colour and fill")
    return [
        gradient(
            "loss_instead_of_score",
            both,
            "The cross-entropy mixes the scores of all classes and fades when the net is sure. Which single number "
            "of the net do you ask about?",
            what=lambda scores, label: -scores.log_softmax(0)[label],
        ),
        gradient(
            "probability_instead_of_score",
            both,
            "A probability also rises when the scores of other classes fall. The map is to show what speaks for this "
            "class.",
            what=lambda scores, label: scores.softmax(0)[label],
        ),
        gradient(
            "predicted_class",
            both,
            "Your map is the same for every label. Which class was asked for: the one predicted, or the one given?",
            what=lambda scores, label: scores.max(),
        ),
        gradient(
            "all_scores",
            both,
            "Your map does not depend on label. How do you pick one number from the scores before you differentiate?",
            what=lambda scores, label: scores.sum(),
        ),
        gradient(
            "sign_kept",
            both,
            "A pixel that lowers the score when it gets brighter matters too. What does a saliency map show: the "
            "slope, or its size?",
            pixels=lambda slope, image: slope.amax(dim=0),
        ),
        gradient(
            "positive_part",
            both,
            "Darkening a pixel can raise the score as well. Your map has a zero where that is so.",
            pixels=lambda slope, image: slope.clamp(min=0).amax(dim=0),
        ),
        gradient(
            "maximum_before_size",
            ("three channels",),
            "The slopes of a pixel may be -5, 1 and 2. Your map has 2 there: what happened to the strongest one?",
            pixels=lambda slope, image: slope.amax(dim=0).abs(),
        ),
        gradient(
            "sum_of_channels",
            ("three channels",),
            "One channel that matters is enough for a pixel to matter. The map takes one of the three slopes, not "
            "their total.",
            pixels=lambda slope, image: slope.abs().sum(dim=0),
        ),
        gradient(
            "mean_of_channels",
            ("three channels",),
            "An average hides a channel that matters alone. Which of the three slopes stands for the pixel?",
            pixels=lambda slope, image: slope.abs().mean(dim=0),
        ),
        gradient(
            "first_channel",
            ("three channels",),
            "Your map is right for grey images. Which channels of a colour image have you looked at?",
            pixels=lambda slope, image: slope.abs()[0],
        ),
        gradient(
            "times_the_image",
            both,
            "Slope times pixel value is another method with another name: it is zero wherever the image is black.",
            pixels=lambda slope, image: (slope * image).abs().amax(dim=0),
        ),
        gradient(
            "channel_axis_kept",
            both,
            "The map has one number for each pixel and no axis for channels.",
            pixels=lambda slope, image: slope.abs().amax(dim=0, keepdim=True),
        ),
        covering(
            "never_uncovered",
            every,
            "After the tenth patch, how many patches lie on your image? Each question needs a fresh copy.",
            again=True,
        ),
        covering(
            "score_instead_of_drop",
            every,
            "A large number in the map is to mean: this place matters. Which two scores tell you that?",
            drop=lambda whole, covered: covered,
        ),
        covering(
            "sign_of_the_drop",
            every,
            "Covering what matters lowers the score, and there the map is to be large and positive.",
            drop=lambda whole, covered: covered - whole,
        ),
        covering(
            "size_of_the_drop",
            every,
            "Covering a place may raise the score, and that is worth knowing. Your map cannot say it.",
            drop=lambda whole, covered: (whole - covered).abs(),
        ),
        covering(
            "probability_instead_of_score",
            every,
            "The task asks for the score of the class, before the softmax.",
            score=lambda scores, label: scores.softmax(0)[label],
        ),
        covering(
            "predicted_class",
            every,
            "Your map is the same for every label. Whose score do you follow?",
            score=lambda scores, label: scores.max(),
        ),
        covering(
            "stride_forgotten",
            every,
            "Where does patch number 2 begin when the step is 2 pixels?",
            start=lambda place, stride: place,
        ),
        covering(
            "places_of_a_patch_of_one_step",
            ("overlapping",),
            "The map has a place for each patch that lies wholly on the image. How many of them fit when patches are "
            "larger than the step?",
            count=lambda n, size, stride: n // stride,
        ),
        covering(
            "last_place_forgotten",
            every,
            "A patch as large as the image has one place, not none. Is there a patch in the last rows?",
            count=lambda n, size, stride: max((n - size) // stride, 1),
        ),
        covering(
            "rows_and_columns_exchanged",
            every,
            "Your map is right only for square images. Which index moves down, and which across?",
            turned=True,
        ),
        covering(
            "fill_forgotten",
            ("colour and fill",),
            "The patch is to have the value fill. Which value does yours have?",
            value=lambda fill: 0.0,
        ),
        covering(
            "one_channel_covered",
            ("colour and fill",),
            "A patch of paper on a photograph hides red, green and blue. What does yours hide?",
            channels=lambda image: image[:1],
        ),
    ]
