"""Write the files in ``cs_cnn/data/packaged`` anew: ``python -m cs_cnn.data.packaging``.

Fashion-MNIST is cut from the complete data set, as Debian's package ``dataset-fashion-mnist`` installs it or
as a download leaves it in the cache, after a check that the source is the published one. The look-alike of the
homework is generated. The same input gives the same bytes, so that a test can hold the files to this script.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from cs_cnn.data.catalogue import ENTRIES
from cs_cnn.data.formats.idx import read_bytes
from cs_cnn.data.lookalike import lookalike_text
from cs_cnn.data.places import packaged_path
from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write

TRAIN_PER_CLASS = 500
TEST_PER_CLASS = 100
IMAGES = "fashion_mnist_5000_1000.npz"
LOOKALIKE = "two_layer_lookalike.txt"


def first_of_each_class(labels: NDArray[Any], n: int) -> NDArray[np.int64]:
    """Return the indices of the first n members of every class, in the order of the data set.

    Parameters
    ----------
    labels : ndarray of integers, shape (N,)
        The labels.
    n : int
        How many of each class.

    Examples
    --------
    >>> first_of_each_class(np.array([1, 0, 1, 1, 0, 0]), 2)
    array([0, 1, 2, 4])
    """
    chosen = [np.flatnonzero(labels == label)[:n] for label in np.unique(labels)]
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def cut_fashion_mnist(source: Path) -> dict[str, NDArray[Any]]:
    """Cut the balanced subset from the four idx files of Fashion-MNIST.

    Parameters
    ----------
    source : pathlib.Path
        The folder with the four .gz files.

    Returns
    -------
    dict of str to ndarray of uint8
        ``x_train`` (5000, 1, 28, 28), ``y_train`` (5000,), ``x_test`` (1000, 1, 28, 28), ``y_test`` (1000,).

    Raises
    ------
    CsCnnError
        When a file is missing or does not hold the published data.
    """
    entry = ENTRIES["fashion-mnist-full"]
    files = {file.name: source / file.name for file in entry.files}
    for file in entry.files:
        found = hashlib.sha256(read_bytes(files[file.name])).hexdigest()
        if found != file.content_sha256:
            raise CsCnnError(
                f"{files[file.name]} does not hold the published data: its content has the SHA-256 {found}, "
                f"expected {file.content_sha256}."
            )
    whole = entry.read(files)
    train = first_of_each_class(whole.y_train, TRAIN_PER_CLASS)
    test = first_of_each_class(whole.y_test, TEST_PER_CLASS)
    return {
        "x_train": whole.x_train[train],
        "y_train": whole.y_train[train].astype(np.uint8),
        "x_test": whole.x_test[test],
        "y_test": whole.y_test[test].astype(np.uint8),
    }


def npz_bytes(arrays: dict[str, NDArray[Any]]) -> bytes:
    """Return a compressed .npz archive whose bytes depend on nothing but the arrays (and zlib).

    Parameters
    ----------
    arrays : dict of str to ndarray
        What `numpy.load` will give back.
    """
    archive_bytes = io.BytesIO()
    with zipfile.ZipFile(archive_bytes, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3  # Unix, wherever this runs
            member.external_attr = 0o644 << 16
            content = io.BytesIO()
            np.lib.format.write_array(
                content, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False
            )
            archive.writestr(member, content.getvalue(), compresslevel=9)
    return archive_bytes.getvalue()


@click.command(help="Write the packaged data sets anew and print their sizes and SHA-256.")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    default=ENTRIES["fashion-mnist-full"].system_folder,
    show_default=True,
    help="The folder with the four files of Fashion-MNIST.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    default=packaged_path(""),
    help="The folder to write to; by default that of the package.",
)
def main(source: Path, to: Path) -> None:
    """Write both files; the hashes printed belong into the catalogue."""
    try:
        for name, content in (
            (IMAGES, npz_bytes(cut_fashion_mnist(source))),
            (LOOKALIKE, lookalike_text().encode("ascii")),
        ):
            with atomic_write(to / name, "wb") as file:
                file.write(content)
            click.echo(f"{hashlib.sha256(content).hexdigest()}  {len(content):>9,} bytes  {to / name}")
    except CsCnnError as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
