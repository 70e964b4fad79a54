"""Checkpoints: a run that was interrupted ends as if it had not been, and a bad file is a sentence."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cs_cnn.augment import flip
from cs_cnn.errors import CsCnnError
from cs_cnn.nets import History, Sequential, TwoLayerNet, affine, batch_norm, conv2d, dropout, fit, step
from cs_cnn.optim import AdaGrad, Adam, Plateau, RMSProp


def images(n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(n, 1, 4, 4)), rng.integers(3, size=n)


def net_with_all(rng: np.random.Generator) -> Sequential:
    """Return a net that has a state beside its parameters: running statistics, and masks from the generator."""
    return Sequential(
        [
            conv2d(1, 3, 3, rng),
            batch_norm(3, images=True),
            step("relu"),
            dropout(0.3, rng),
            affine(12, 3, rng),
        ]
    )


RUNS: dict[str, dict[str, Any]] = {
    "momentum": {},
    "decay": {"lr_decay": 0.9, "reg": 0.01, "batch_size": 7},
    "adam, plateau, best": {
        "optimiser": Adam,
        "schedule": Plateau(patience=1),
        "keep_best": True,
        "watch": "val_accuracy",
    },
    "rmsprop, augmented": {"optimiser": partial(RMSProp, decay=0.8), "augment": partial(flip, p=0.4)},
    "adagrad, early stop": {"optimiser": AdaGrad, "patience": 3, "keep_best": True},
}
every_run = pytest.mark.parametrize("settings", RUNS.values(), ids=RUNS)


def run(
    folder: Path | None, epochs: int, resume: bool = False, seed: int = 0, **settings: Any
) -> tuple[Sequential, History, float]:
    rng = np.random.default_rng(seed)
    net = net_with_all(rng)
    x, y = images()
    settings = {"lr": 0.05, "batch_size": 16, "progress": False} | settings
    settings |= {"validation": (x[30:], y[30:]), "epochs": epochs, "folder": folder, "resume": resume}
    history = fit(net, x[:30], y[:30], rng=rng, **settings)
    return net, history, rng.random()


def same(one: tuple[Sequential, History, float], other: tuple[Sequential, History, float]) -> bool:
    arrays = [{**net.params, **net.buffers} for net, _, _ in (one, other)]
    return (
        all(np.array_equal(value, arrays[1][name]) for name, value in arrays[0].items())
        and one[1] == other[1]
        and one[2] == other[2]
    )


@every_run
def test_resuming_equals_an_uninterrupted_run_bit_for_bit(settings: dict, tmp_path: Path) -> None:
    whole = run(None, 8, **settings)
    for stop in (1, 5):
        run(tmp_path / str(stop), stop, **settings)
        # Another seed: all that matters must come from the file, the initial weights as well.
        assert same(run(tmp_path / str(stop), 8, resume=True, seed=9, **settings), whole)


@every_run
def test_an_interrupt_loses_at_most_the_epoch_it_falls_into(settings: dict, tmp_path: Path) -> None:
    whole = run(None, 6, **settings)

    def interrupt(row: dict[str, float]) -> None:
        if row["epoch"] == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, 6, on_epoch=interrupt, **settings)
    resumed = run(tmp_path, 6, resume=True, **settings)
    assert same(resumed, whole)
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.npz"]


def test_writing_checkpoints_changes_nothing(tmp_path: Path) -> None:
    assert same(run(tmp_path, 4), run(None, 4))


def test_a_finished_run_is_only_read(tmp_path: Path) -> None:
    whole = run(tmp_path, 3, keep_best=True)
    written = (tmp_path / "checkpoint.npz").read_bytes()
    assert same(run(tmp_path, 3, resume=True, seed=5, keep_best=True), whole)
    assert (tmp_path / "checkpoint.npz").read_bytes() == written


def test_a_forgotten_resume_loses_nothing(tmp_path: Path) -> None:
    run(tmp_path, 2)
    written = (tmp_path / "checkpoint.npz").read_bytes()
    run(tmp_path, 1, seed=3)
    assert (tmp_path / "checkpoint.previous.npz").read_bytes() == written


def test_the_file_holds_arrays_and_no_pickle(tmp_path: Path) -> None:
    run(tmp_path, 1)
    with np.load(tmp_path / "checkpoint.npz", allow_pickle=False) as archive:
        names = set(archive.files)
        assert all(archive[name].dtype != object for name in names)
    assert {
        "format",
        "settings",
        "rng",
        "net/W1",
        "net/running_var2",
        "optimiser/velocity.W1",
        "history/loss",
    } <= names


@pytest.mark.parametrize(
    "generator", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64, np.random.PCG64DXSM]
)
def test_every_generator_of_numpy(generator: Any, tmp_path: Path) -> None:
    results = []
    x, y = images()
    for epochs, resume in ((4, False), (2, False), (4, True)):
        rng = np.random.Generator(generator(0))
        net = TwoLayerNet(16, 5, 3, rng=np.random.default_rng(0))
        fit(net, x, y, rng=rng, epochs=epochs, folder=tmp_path, resume=resume, progress=False)
        results.append(net.params["W1"])
    assert np.array_equal(results[0], results[2]) and not np.array_equal(results[0], results[1])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"batch_size": 8}, "was trained with batch_size = 16, now it is 8"),
        ({"lr": 0.1}, "was trained with lr = 0.05, now it is 0.1"),
        ({"reg": 0.5}, "was trained with reg = 0.0, now it is 0.5"),
        ({"optimiser": Adam}, r"optimiser = SGD\(momentum=0.9, .*now it is Adam\(beta1"),
        ({"momentum": 0.5}, r"optimiser = SGD\(momentum=0.9, .*now it is SGD\(momentum=0.5"),
        ({"lr_decay": 0.5}, r"schedule = Exponential\(factor=1.0\), now it is Exponential\(factor=0.5\)"),
        ({"augment": flip}, "augment = None, now it is flip"),
    ],
)
def test_other_settings_are_a_sentence(change: dict, sentence: str, tmp_path: Path) -> None:
    run(tmp_path, 2)
    with pytest.raises(CsCnnError, match=sentence):
        run(tmp_path, 4, resume=True, **change)


def test_other_data_other_nets_other_generators(tmp_path: Path) -> None:
    run(tmp_path, 2)
    x, y = images()
    settings: dict[str, Any] = {
        "validation": (x[30:], y[30:]), "lr": 0.05, "batch_size": 16, "progress": False,
        "epochs": 4, "folder": tmp_path, "resume": True,
    }  # fmt: skip
    rng = np.random.default_rng(0)
    changed = x.copy()
    changed[3, 0, 0, 0] += 1e-9
    with pytest.raises(CsCnnError, match="was trained on other data; resume with the same"):
        fit(net_with_all(rng), changed[:30], y[:30], rng=rng, **settings)
    net = TwoLayerNet(16, 5, 3, rng=rng)
    before = net.params["W1"].copy()
    with pytest.raises(CsCnnError, match="is of a net with other parameters"):
        fit(net, x[:30], y[:30], rng=rng, **settings)
    assert np.array_equal(net.params["W1"], before)
    mersenne = np.random.Generator(np.random.MT19937(0))
    with pytest.raises(CsCnnError, match="trained with the generator PCG64, and rng is a MT19937"):
        fit(net_with_all(rng), x[:30], y[:30], rng=mersenne, **settings)
    with pytest.raises(ValueError, match="epochs must be at least the 2 of"):
        fit(net_with_all(rng), x[:30], y[:30], rng=rng, **settings | {"epochs": 1})


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty", "other"])
def test_a_damaged_file_is_a_sentence_and_changes_nothing(damage: str, tmp_path: Path) -> None:
    run(tmp_path, 1)
    file = tmp_path / "checkpoint.npz"
    content = bytearray(file.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        with zipfile.ZipFile(file) as archive:
            start = archive.getinfo("net/W1.npy").header_offset
        content[start + 250] ^= 0xFF
    else:
        content = bytearray({"text": b"not an archive", "empty": b""}.get(damage, b""))
    file.write_bytes(content)
    if damage == "other":
        np.savez(file, a=np.ones(3))
    rng = np.random.default_rng(0)
    net = net_with_all(rng)
    before = net.params["W1"].copy()
    with pytest.raises(CsCnnError, match=r"Cannot read the checkpoint|is not a checkpoint"):
        fit(net, *images(), rng=rng, folder=tmp_path, resume=True, progress=False)
    assert np.array_equal(net.params["W1"], before)


def test_no_checkpoint_and_no_folder_to_write(tmp_path: Path) -> None:
    with pytest.raises(CsCnnError, match=r"There is no checkpoint .*; train first, with resume=False"):
        run(tmp_path, 1, resume=True)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CsCnnError, match="Cannot write"):
        run(tmp_path / "file" / "folder", 1)


def test_a_pickle_in_disguise_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "sprung",))

    np.savez(tmp_path / "checkpoint.npz", allow_pickle=True, format=np.array([Trap()], dtype=object))
    with pytest.raises(CsCnnError, match="Cannot read the checkpoint"):
        run(tmp_path, 1, resume=True)
    assert not (tmp_path / "sprung").exists()


def test_the_networks_do_not_import_torch() -> None:
    code = (
        "import sys, cs_cnn.nets, cs_cnn.optim, cs_cnn.init, cs_cnn.search, cs_cnn.augment, cs_cnn.metrics;"
        "sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
