"""Looking inside a net: which pixels a score hangs on, what a unit looks for, and how it sees one image.

Where does the net look?
    `gradient`, `saliency`, `smooth_gradient` (slopes), `occlusion` (covering places), `grad_cam` (feature maps),
    `guided_gradient` and `relu_rule` (other ways back through a ReLU).
What does a unit look for?
    `tile` (filters as pictures), `activations`, `top_patches` with `crop`, and `Deconvnet`.

>>> import torch
>>> from cs_cnn import look, zoo
>>> net = zoo.build_small("vgg11", seed=0)
>>> look.saliency(net, torch.rand(2, 1, 28, 28), 3).shape
torch.Size([2, 28, 28])

Nets are run in evaluation mode and get their own mode back; their weights, and the gradients of their weights, stay as
they are.
"""

from __future__ import annotations

from cs_cnn.look.cam import enlarge, grad_cam
from cs_cnn.look.covering import occlusion, per_pixel
from cs_cnn.look.deconvnet import Deconvnet, Note, strongest, unpool
from cs_cnn.look.gradients import gradient, saliency, smooth_gradient
from cs_cnn.look.guided import guided_gradient, relu_rule
from cs_cnn.look.patches import Field, Patch, crop, receptive_field, top_patches
from cs_cnn.look.pictures import tile
from cs_cnn.look.running import activations

__all__ = [
    "Deconvnet",
    "Field",
    "Note",
    "Patch",
    "activations",
    "crop",
    "enlarge",
    "grad_cam",
    "gradient",
    "guided_gradient",
    "occlusion",
    "per_pixel",
    "receptive_field",
    "relu_rule",
    "saliency",
    "smooth_gradient",
    "strongest",
    "tile",
    "top_patches",
    "unpool",
]
