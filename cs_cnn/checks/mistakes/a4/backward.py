"""Known mistakes with the backward pass of a convolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _forward(x: Any, w: Any, b: Any, stride: int = 1, pad: int = 0) -> Any:
    hh, ww = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    seen = np.lib.stride_tricks.sliding_window_view(xp, (hh, ww), axis=(2, 3))[:, :, ::stride, ::stride]
    out = np.einsum("ncijkm,fckm->nfij", seen, w) + b[:, None, None]
    return out, (x, xp, w, b, stride, pad)


def _crop(dxp: Any, p: int, x: Any) -> Any:
    return dxp[:, :, p : p + x.shape[2], p : p + x.shape[3]]


def _backward(
    *,
    crop: Callable[[Any, int, Any], Any] = _crop,
    scatter: Callable[[Any, Any], Any] = lambda old, new: old + new,
    collect: Callable[[Any, Any], Any] = lambda old, new: old + new,
    step: Callable[[int], int] = lambda s: s,
    step_dw: Callable[[int], int] = lambda s: s,
    shift_dw: Callable[[int], int] = lambda p: 0,
    filters: Callable[[Any], Any] = lambda w: w,
    image: Callable[[Any], Any] = lambda xp: xp,
    bias: Callable[[Any], Any] = lambda dout: dout.sum(axis=(0, 2, 3)),
    upstream: Callable[[Any], Any] = lambda dout: dout,
    scale_dw: Callable[[Any], float] = lambda dout: 1.0,
    order: Callable[..., Any] = lambda dx, dw, db: (dx, dw, db),
) -> Callable[..., Any]:
    """Build a backward pass with one thing changed."""

    def conv2d_backward(dout: Any, cache: Any) -> Any:
        x, xp, w, _, stride, pad = cache
        hh, ww = w.shape[2:]
        room = max(xp.shape)  # some mistakes look beyond the image
        dxp = np.zeros((*xp.shape[:2], xp.shape[2] + room, xp.shape[3] + room))
        seen = np.zeros_like(dxp)
        seen[:, :, : xp.shape[2], : xp.shape[3]] = image(xp)
        dw = np.zeros(w.shape)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                d = upstream(dout)[:, :, i, j]
                top, left = i * step(stride), j * step(stride)
                here = (slice(None), slice(None), slice(top, top + hh), slice(left, left + ww))
                dxp[here] = scatter(dxp[here], np.einsum("nf,fckm->nckm", d, filters(w)))
                top, left = (n * step_dw(stride) + shift_dw(pad) for n in (i, j))
                window = seen[:, :, top : top + hh, left : left + ww]
                dw = collect(dw, np.einsum("nf,nckm->fckm", d, window))
        dx = crop(dxp[:, :, : xp.shape[2], : xp.shape[3]], pad, x)
        return order(dx, dw * scale_dw(dout), bias(dout))

    return conv2d_backward


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the task a4.conv2d_backward."""

    def build(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        functions = {"conv2d_forward": _forward, "conv2d_backward": _backward(**changed)}
        return Mistake(name, "a4.conv2d_backward", functions, loses, hint)

    return [
        build(
            "border_kept",
            ("dx",),
            "dx must have the shape of x. What belongs to the padding?",
            crop=lambda dxp, p, x: dxp,
        ),
        build(
            "empty_without_padding",
            ("dx",),
            "What is a[0:-0]? Try your last line with pad 0.",
            crop=lambda dxp, p, x: dxp[:, :, p:-p, p:-p],
        ),
        build(
            "border_of_one_cut_off",
            ("dx",),
            "You always cut one pixel off each side. How wide was the border?",
            crop=lambda dxp, p, x: dxp[:, :, 1:-1, 1:-1],
        ),
        build(
            "cropped_at_one_end",
            ("dx",),
            "The shape of dx is right, and it is shifted: where in the padded image does the image begin?",
            crop=lambda dxp, p, x: dxp[:, :, : x.shape[2], : x.shape[3]],
        ),
        build(
            "dx_assigned_not_added",
            ("dx",),
            "A pixel lies in several windows, and each of them hands something back. What happens to what was there?",
            scatter=lambda old, new: new,
        ),
        build(
            "dw_assigned_not_added",
            ("dw",),
            "The same filter is used at every position. Whose contribution is left in your dw?",
            collect=lambda old, new: new,
        ),
        build(
            "stride_forgotten_in_dx",
            ("dx",),
            "dw is right and dx is not: compare the two slices, with stride 2.",
            step=lambda s: 1,
        ),
        build(
            "stride_forgotten_in_dw",
            ("dw",),
            "dx is right and dw is not: compare the two slices, with stride 2.",
            step_dw=lambda s: 1,
        ),
        build(
            "stride_forgotten",
            ("dx", "dw"),
            "Where did window (i, j) of the forward pass start? Both slices of the backward pass start there too.",
            step=lambda s: 1,
            step_dw=lambda s: 1,
        ),
        build(
            "dw_from_the_unpadded_image",
            ("dw",),
            "dx is right; dw is off when there is padding: from which array did the forward pass cut its windows?",
            shift_dw=lambda p: p,
        ),
        build(
            "filter_flipped",
            ("dx",),
            "You add the filter to the window, and there it lies as in the forward pass. The flip belongs to the other "
            "way of writing dx, as a convolution.",
            filters=lambda w: w[:, :, ::-1, ::-1],
        ),
        build(
            "filter_left_out",
            ("dx",),
            "A pixel reaches the output through a weight. Where is that weight in your dx?",
            filters=lambda w: np.ones_like(w),
        ),
        build(
            "image_left_out",
            ("dw",),
            "A weight is multiplied by pixels. Where are they in your dw?",
            image=lambda xp: np.ones_like(xp),
        ),
        build(
            "db_for_every_column",
            ("db",),
            "Your db still has an axis of the image. Over which axes of the output is one bias shared?",
            bias=lambda dout: dout.sum(axis=(0, 2)),
        ),
        build(
            "db_not_over_the_batch",
            ("db",),
            "The same bias serves every image of the batch. Which axis is left in your sum?",
            bias=lambda dout: dout.sum(axis=(2, 3)),
        ),
        build(
            "db_over_the_filters",
            ("db",),
            "Every filter has a bias of its own, so one of the axes must not be summed. Which one?",
            bias=lambda dout: dout.sum(axis=(1, 2, 3)),
        ),
        build(
            "db_is_a_number",
            ("db",),
            "One number comes out, but there is one bias for each filter.",
            bias=lambda dout: dout.sum(),
        ),
        build(
            "db_in_a_row",
            ("db",),
            "A parameter and its gradient have the same shape: b has one axis.",
            bias=lambda dout: dout.sum(axis=(0, 2, 3))[None],
        ),
        build(
            "db_averaged",
            ("db",),
            "Where the same bias is used many times, its gradients add up. Is there a mean in the forward pass?",
            bias=lambda dout: dout.mean(axis=(0, 2, 3)),
        ),
        build(
            "db_over_the_batch_averaged",
            ("db",),
            "Your db is 1/N of the right one. The 1/N of the loss is in dout already.",
            bias=lambda dout: dout.sum(axis=(2, 3)).mean(axis=0),
        ),
        build(
            "dw_averaged",
            ("dw",),
            "Your dw is 1/N of the right one. The 1/N of the loss is in dout already; here images add up.",
            scale_dw=lambda dout: 1 / len(dout),
        ),
        build(
            "upstream_ignored",
            ("dx", "dw"),
            "You return the slopes of the sum of all outputs. The chain rule has one more factor.",
            upstream=np.ones_like,
        ),
        build(
            "order_of_the_results",
            ("dx", "dw"),
            "The first gradient to return is that of x.",
            order=lambda dx, dw, db: (dw, dx, db),
        ),
    ]
