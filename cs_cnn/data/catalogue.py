"""What data sets there are: their files, hashes, addresses, licences, and how to read them."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cs_cnn.data.formats import readers
from cs_cnn.errors import CsCnnError


@dataclass(frozen=True)
class File:
    """One file of a data set.

    Attributes
    ----------
    name : str
        Its name, in the package or in the cache.
    sha256 : str
        The SHA-256 of the file.
    size : int
        Its length in bytes.
    urls : tuple of str
        Where to get it, in the order in which to try; empty for a packaged file.
    content_sha256 : str, optional
        The SHA-256 of what a gzip file holds, which does not depend on who compressed it.
    """

    name: str
    sha256: str
    size: int
    urls: tuple[str, ...] = ()
    content_sha256: str | None = None


@dataclass(frozen=True)
class Entry:
    """One data set of the catalogue.

    Attributes
    ----------
    name, what, source, licence : str
        The name for `load`, one line of description, the publication, and the terms.
    kind : {"packaged", "library", "download"}
        Whether the files are in this package, come with scikit-learn, or are fetched when first needed.
    classes : tuple of str
        The names of the classes.
    read : callable
        Makes the stored arrays of the files (by name).
    top : int or None
        The stored value of full intensity, which becomes 1.0; None for a table, which is not scaled.
    files : tuple of File
        The files; empty when they come with a library.
    system_folder : str, optional
        A folder in which a system package puts the same files.
    """

    name: str
    what: str
    source: str
    licence: str
    kind: Literal["packaged", "library", "download"]
    classes: tuple[str, ...]
    read: Callable[[readers.Files], readers.Arrays]
    top: int | None = None
    files: tuple[File, ...] = ()
    system_folder: str | None = None

    @property
    def size(self) -> int:
        """The length of all files together, in bytes."""
        return sum(file.size for file in self.files)


def _idx_files(bases: tuple[str, ...], *files: tuple[str, int, str, str | None]) -> tuple[File, ...]:
    return tuple(
        File(name, sha256, size, tuple(base + name for base in bases), content)
        for name, size, sha256, content in files
    )


_DIGITS = tuple("0123456789")
_CLOTHES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_FASHION_SOURCE = (
    "Xiao, Rasul and Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking machine learning "
    "algorithms, arXiv:1708.07747, 2017; https://github.com/zalandoresearch/fashion-mnist"
)

_ENTRIES = (
    Entry(
        name="fashion-mnist",
        what="clothes, 28x28 grey, 5,000 + 1,000, every class alike",
        source=f"{_FASHION_SOURCE} (the first 500 + 100 images of every class)",
        licence="MIT (Zalando SE, 2017)",
        kind="packaged",
        classes=_CLOTHES,
        read=readers.read_packaged_images,
        top=255,
        files=(
            File(
                "fashion_mnist_5000_1000.npz",
                "ace17488706b075bd7006cc3337ba500402dedc3bd143c645b058af07b92f3b3",
                2617694,
            ),
        ),
    ),
    Entry(
        name="fashion-mnist-full",
        what="clothes, 28x28 grey, 60,000 + 10,000",
        source=_FASHION_SOURCE,
        licence="MIT (Zalando SE, 2017)",
        kind="download",
        classes=_CLOTHES,
        read=readers.read_idx_images,
        top=255,
        system_folder="/usr/share/datasets/fashion-mnist",
        files=_idx_files(
            (
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/HEAD/data/fashion/",
            ),
            (
                "train-images-idx3-ubyte.gz",
                26421880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            ),
            (
                "train-labels-idx1-ubyte.gz",
                29515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            (
                "t10k-images-idx3-ubyte.gz",
                4422102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            ),
            (
                "t10k-labels-idx1-ubyte.gz",
                5148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        ),
    ),
    Entry(
        name="mnist",
        what="handwritten digits, 28x28 grey, 60,000 + 10,000",
        source=(
            "LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, "
            "Proceedings of the IEEE 86(11), 1998"
        ),
        licence="CC BY-SA 3.0 (as Keras states it)",
        kind="download",
        classes=_DIGITS,
        read=readers.read_idx_images,
        top=255,
        files=_idx_files(
            (
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
            ),
            (
                "train-images-idx3-ubyte.gz",
                9912422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                None,
            ),
            (
                "train-labels-idx1-ubyte.gz",
                28881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                None,
            ),
            (
                "t10k-images-idx3-ubyte.gz",
                1648877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                None,
            ),
            (
                "t10k-labels-idx1-ubyte.gz",
                4542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                None,
            ),
        ),
    ),
    Entry(
        name="cifar10",
        what="animals and vehicles, 32x32 colour, 50,000 + 10,000",
        source=(
            "Krizhevsky, Learning multiple layers of features from tiny images, technical report, University of "
            "Toronto, 2009; https://www.cs.toronto.edu/~kriz/cifar.html"
        ),
        licence="none stated; cite the report",
        kind="download",
        classes=_THINGS,
        read=readers.read_cifar10,
        top=255,
        files=(
            File(
                "cifar-10-python.tar.gz",
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                170498071,
                ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
            ),
        ),
    ),
    Entry(
        name="digits",
        what="handwritten digits, 8x8 grey, 1,438 + 359",
        source=(
            "Alpaydin and Kaynak, Optical recognition of handwritten digits, UCI Machine Learning Repository, "
            "1998; the copy in scikit-learn"
        ),
        licence="CC BY 4.0 (UCI)",
        kind="library",
        classes=_DIGITS,
        read=readers.read_digits,
        top=16,
    ),
    Entry(
        name="two-layer-homework",
        what="the lectures' homework, 8 features, 4 classes, 400 + 100",
        source="https://cihlab.github.io/course/dataset.txt",
        licence="none stated; do not pass it on",
        kind="download",
        classes=("1", "2", "3", "4"),
        read=readers.read_homework,
        files=(
            File(
                "dataset.txt",
                "3688e0b0e7e54e70866428c765bf4c96d9185659cc0a9175963fd4039ee9fced",
                29500,
                ("https://cihlab.github.io/course/dataset.txt",),
            ),
        ),
    ),
    Entry(
        name="two-layer-lookalike",
        what="a look-alike of that homework, 8 features, 4 classes, 400 + 100",
        source="generated by cs_cnn.data.lookalike with seed 3",
        licence="BSD-3-Clause (as this package)",
        kind="packaged",
        classes=("1", "2", "3", "4"),
        read=readers.read_homework,
        files=(
            File(
                "two_layer_lookalike.txt",
                "431e3798661ad2d296ba8eb1a2988517eb72e463ac87f6eff590c648444233c4",
                29500,
            ),
        ),
    ),
)

ENTRIES: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}


def find(name: str) -> Entry:
    """Return the entry of a data set.

    Parameters
    ----------
    name : str
        A name of the catalogue.

    Raises
    ------
    CsCnnError
        When there is no such data set; the sentence offers the nearest names.
    """
    if name in ENTRIES:
        return ENTRIES[name]
    near = difflib.get_close_matches(str(name).lower(), ENTRIES, n=3, cutoff=0.5)
    offer = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(ENTRIES)}."
    raise CsCnnError(f"There is no data set {str(name)!r}; {offer}")
