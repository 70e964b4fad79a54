"""Write the names and shapes of torchvision's weights, which the tests of `cs_cnn.zoo.load` hold ours against.

Run it where torchvision works; the tests need only the lists: ``python -m tools.reference_keys``.
"""

from __future__ import annotations

import importlib
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "zoo" / "reference_keys"
NETS = (
    *("alexnet", "vgg11", "vgg11_bn", "vgg13", "vgg16", "vgg16_bn", "vgg19", "googlenet"),
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "densenet121"),
)


def listing(name: str) -> str:
    """Return one line a weight: its name and its shape.

    Parameters
    ----------
    name : str
        A name of torchvision.models.

    Returns
    -------
    str
    """
    torch = importlib.import_module("torch")
    models = importlib.import_module("torchvision.models")
    with torch.device("meta"):
        net = getattr(models, name)(**({"init_weights": False} if name == "googlenet" else {}))
    lines = (f"{key} {'x'.join(map(str, tensor.shape))}".strip() for key, tensor in net.state_dict().items())
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write one file a net."""
    for name in NETS:
        (FOLDER / f"{name}.txt").write_text(listing(name), encoding="utf-8")


if __name__ == "__main__":
    main()
