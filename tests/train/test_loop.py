from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from cs_cnn import train, zoo
from cs_cnn.errors import CsCnnError


def without_time(rows):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def same_weights(a: nn.Module, b: nn.Module) -> bool:
    mine, other = a.state_dict(), b.state_dict()
    return mine.keys() == other.keys() and all(torch.equal(mine[key], other[key]) for key in mine)


def fit(net, stripes, **settings):
    return train.fit(
        net, *stripes, **{"device": "cpu", "progress": False, "epochs": 3, "lr": 0.05, **settings}
    )


def test_it_learns(stripes, small_net):
    rows = fit(small_net(), stripes, epochs=8)
    assert [row["epoch"] for row in rows] == list(range(1, 9))
    assert rows[-1]["test_accuracy"] > 0.95 > 0.7 > rows[0]["train_accuracy"]
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"activation": "relu", "pooling": "max"},
        {"pooling": "subsampling", "c3": "partial", "output": "rbf"},
    ],
)
def test_lenet_overfits_64_real_images(options):
    data = pytest.importorskip("cs_cnn.data").load("fashion-mnist")
    images = data.x_train[:64], data.y_train[:64]
    net = zoo.build("lenet5", seed=0, **options)
    fit(net, (images, images), epochs=40, lr=0.02, batch_size=8)
    assert train.evaluate(net, *images)[1] == 1.0


def test_the_update_is_sgd_with_momentum_decay_and_cosine(stripes):
    """One epoch in float64, against the formulas written out."""
    (x, y), test = stripes
    x = x[:40].astype(np.float64)
    y = y[:40]
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 3)).double()
    w, b = (p.detach().clone().numpy() for p in net.parameters())
    rows = train.fit(
        net, (x, y), test, epochs=2, batch_size=16, lr=0.3, momentum=0.9, weight_decay=0.01, seed=3,
        device="cpu", progress=False,
    )  # fmt: skip
    order = torch.Generator().manual_seed(3)
    vw, vb, losses = np.zeros_like(w), np.zeros_like(b), []
    for step in range(6):
        if step % 3 == 0:
            permutation = torch.randperm(40, generator=order).numpy()
        batch = permutation[step % 3 * 16 : step % 3 * 16 + 16]
        flat = x[batch].reshape(len(batch), -1)
        scores = flat @ w.T + b
        p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        losses.append(-np.log(p[np.arange(len(batch)), y[batch]]).sum())
        p[np.arange(len(batch)), y[batch]] -= 1
        rate = 0.3 * 0.5 * (1 + math.cos(math.pi * step / 6))
        vw = 0.9 * vw + p.T @ flat / len(batch) + 0.01 * w
        vb = 0.9 * vb + p.mean(0) + 0.01 * b
        w, b = w - rate * vw, b - rate * vb
    mine = [p.detach().numpy() for p in net.parameters()]
    np.testing.assert_allclose(mine[0], w, rtol=1e-10)
    np.testing.assert_allclose(mine[1], b, rtol=1e-10)
    assert rows[1]["train_loss"] == pytest.approx(sum(losses[3:]) / 40, rel=1e-10)
    assert [row["lr"] for row in rows] == pytest.approx([0.3, 0.15])


def test_constant_schedule(stripes, small_net):
    assert [row["lr"] for row in fit(small_net(), stripes, schedule="constant")] == [0.05] * 3


def test_same_seed_same_run_and_other_seed_another(stripes, small_net):
    nets = [small_net() for _ in range(3)]
    runs = [without_time(fit(net, stripes, seed=seed)) for net, seed in zip(nets, (1, 1, 2), strict=True)]
    assert runs[0] == runs[1] and same_weights(nets[0], nets[1])
    assert runs[0] != runs[2] and not same_weights(nets[0], nets[2])


def test_the_state_of_the_global_generators_does_not_matter_and_stays(stripes, small_net):
    runs = []
    for state in (11, 12):
        torch.manual_seed(state)
        np.random.seed(state)  # noqa: NPY002  (the point is that nothing of this kind is used)
        before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
        runs.append(without_time(fit(small_net(), stripes)))
        assert torch.equal(torch.get_rng_state(), before)
        assert (np.random.get_state()[1] == numpy_before).all()  # noqa: NPY002
    assert runs[0] == runs[1]


def test_generators_are_put_back_after_an_error_too(stripes, small_net):
    before = torch.get_rng_state()
    with pytest.raises(CsCnnError):
        fit(small_net(), stripes, lr=1e30)
    assert torch.equal(torch.get_rng_state(), before)


def test_images_may_be_tensors_and_write_protected_arrays(stripes, small_net, recwarn):
    (x, y), (x_test, y_test) = stripes
    locked = x.copy()
    locked.flags.writeable = False
    tensors = (torch.from_numpy(x), torch.from_numpy(y)), (torch.from_numpy(x_test), torch.from_numpy(y_test))
    runs = [without_time(fit(small_net(), data)) for data in (stripes, tensors, ((locked, y), stripes[1]))]
    assert runs[0] == runs[1] == runs[2]
    assert not recwarn.list


def test_too_high_a_learning_rate_stops_with_a_sentence(stripes, small_net, tmp_path):
    fit(small_net(), stripes, folder=tmp_path)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(
        CsCnnError, match=r"became (nan|inf) in epoch 1, so the learning rate 1e\+30 is too high"
    ):
        fit(small_net(), stripes, lr=1e30, folder=tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1"),
        ({"batch_size": 61}, "at most the number of training images, 60, got 61"),
        ({"lr": -0.1}, "learning rate, must be a number above 0"),
        ({"lr": math.nan}, "learning rate, must be a number above 0"),
        ({"momentum": 1.0}, "momentum must be at least 0 and less than 1"),
        ({"weight_decay": -1}, "weight_decay must be a number of at least 0"),
        ({"schedule": "steps"}, "schedule must be 'cosine', .* or 'plateau', got 'steps'"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"device": "tpu"}, "device must be auto, cpu, cuda or mps, got 'tpu'"),
        ({"resume": True}, "resume needs the folder"),
    ],
)
def test_settings_out_of_range_are_sentences(stripes, small_net, settings, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        fit(small_net(), stripes, **settings)


def test_arrays_that_do_not_fit_are_sentences(stripes, small_net):
    (x, y), test = stripes
    for pair, sentence in [
        (
            ((x * 255).astype(np.uint8), y),
            "images of `train` must hold floating-point numbers, got torch.uint8",
        ),
        ((x, y[:-1]), r"labels of `train` must hold 60 whole numbers.*got shape \(59,\)"),
        ((x, y.astype(float)), "labels of `train` must hold 60 whole numbers"),
        ((x, y - 1), "labels from 0, got -1"),
        ((x, y + 1), "holds the label 3, but the model scores only 3 classes: build it with classes=4"),
        ((x[:0], y[:0]), "images of `train` is empty"),
        ((x[:, :, :3], y), r"cannot take images of shape \(1, 3, 6\)"),
    ]:
        with pytest.raises(CsCnnError, match=sentence):
            fit(small_net(), (pair, test))


def test_a_folder_that_cannot_be_written_is_found_out_before_training(stripes, small_net, tmp_path):
    (tmp_path / "file").write_text("in the way")
    called = []
    with pytest.raises(CsCnnError, match="Cannot write to the folder"):
        fit(small_net(), stripes, folder=tmp_path / "file" / "run", on_epoch=called.append)
    assert not called


@pytest.mark.skipif(not torch.cuda.is_available(), reason="without a CUDA GPU")
def test_on_a_gpu_the_run_is_that_of_the_cpu_to_rounding(stripes, tmp_path):
    def net():
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))

    before = torch.cuda.get_rng_state()
    runs = [fit(net(), stripes, device=device, epochs=4) for device in ("cpu", "cuda")]
    fit(net(), stripes, device="cuda", epochs=4, folder=tmp_path, schedule="constant")
    resumed = fit(net(), stripes, device="cuda", epochs=5, folder=tmp_path, resume=True, schedule="constant")
    assert torch.equal(torch.cuda.get_rng_state(), before)
    assert len(resumed) == 5
    for a, b in zip(*runs, strict=True):
        assert a["train_loss"] == pytest.approx(b["train_loss"], rel=1e-3)


def test_a_test_loss_that_is_only_large_is_no_alarm(stripes):
    """The first running statistics of batch norm can be far off; the training loss tells whether a run diverges."""

    class Off(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(36, 3)

        def forward(self, x):
            return self.fc(x.flatten(1)) * (1.0 if self.training else scale)

    scale = 1e9
    assert fit(Off(), stripes, epochs=1)[0]["test_loss"] > 1e6
    scale = math.inf
    with pytest.raises(CsCnnError, match="The test loss became nan in epoch 1"):
        fit(Off(), stripes, epochs=1)
