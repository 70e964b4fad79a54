"""Schedules, optimisers, augmentation, precision: each against its formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cs_cnn import augment, train, zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.train.recipe import augmentation
from cs_cnn.train.recipe.precision import Precision, resolve
from cs_cnn.train.recipe.schedules import SCHEDULES, Moment, drops, learning_rate, should_stop
from cs_cnn.train.recipe.settings import Settings, make_settings
from cs_cnn.train.steps import supervised_loss
from cs_cnn.zoo.parts.staged import Supervised


def fit(net, stripes, **settings):
    return train.fit(net, *stripes, **{"device": "cpu", "progress": False, "epochs": 3, **settings})


def rate(at, epochs=10, accuracies=(), **settings):
    return learning_rate(Settings(lr=0.5, **settings), Moment(at, epochs, accuracies))


@pytest.mark.parametrize(
    ("settings", "points"),
    [
        ({"schedule": "constant"}, {0: 0.5, 9.99: 0.5}),
        ({"schedule": "cosine"}, {0: 0.5, 2.5: 0.25 * (1 + math.sqrt(0.5)), 5: 0.25, 10: 0.0}),
        ({"schedule": "linear"}, {0: 0.5, 2.5: 0.375, 10: 0.0}),
        ({"schedule": "polynomial"}, {0: 0.5, 5: 0.125, 10: 0.0}),
        ({"schedule": "polynomial", "power": 0.5}, {0: 0.5, 7.5: 0.25}),
        ({"schedule": "exponential"}, {0: 0.5, 0.9: 0.5, 2: 0.5 * 0.95**2}),
        ({"schedule": "exponential", "factor": 0.5}, {3.5: 0.0625}),
        ({"schedule": "step", "milestones": (3, 6)}, {0: 0.5, 2.99: 0.5, 3: 0.05, 5.99: 0.05, 6: 0.005}),
        ({"schedule": "step", "milestones": (3,), "factor": 0.2}, {2.9: 0.5, 9: 0.1}),
        ({"schedule": "constant", "warmup": 2}, {0.5: 0.125, 1: 0.25, 1.9: 0.475, 2: 0.5, 7: 0.5}),
        ({"schedule": "cosine", "warmup": 2}, {1: 0.125 * (1 + math.cos(0.1 * math.pi)), 5: 0.25}),
    ],
)
def test_schedules_are_what_their_formulas_say(settings, points):
    for at, expected in points.items():
        assert rate(at, **settings) == pytest.approx(expected, abs=1e-12), at


def test_the_warm_up_begins_small_but_not_at_zero():
    assert 0 < rate(0, schedule="constant", warmup=3) < 0.01


def test_a_plateau_divides_by_ten_when_the_accuracy_stops_rising():
    rising, flat = [0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 0.4, 0.5, 0.45, 0.3, 0.2, 0.6]
    assert rate(4, accuracies=rising, schedule="plateau") == 0.5
    # 0.5 is not beaten by three epochs, then by three more; 0.6 then starts anew.
    assert [drops(flat[:n], 3) for n in range(9)] == [0, 0, 0, 0, 1, 1, 1, 2, 2]
    assert rate(8, accuracies=flat, schedule="plateau", patience=3) == pytest.approx(0.005)
    assert rate(8, accuracies=flat, schedule="plateau", patience=3, factor=0.5) == pytest.approx(0.125)


def test_the_plateau_agrees_with_the_scheduler_of_torch():
    accuracies = np.random.default_rng(0).integers(0, 30, 60).tolist()
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.5)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, mode="max", patience=3, threshold=0.0, eps=0.0
    )
    for done, accuracy in enumerate(accuracies, 1):
        theirs.step(accuracy)
        # torch waits one epoch longer than its patience says
        ours = rate(done, epochs=99, accuracies=accuracies[:done], schedule="plateau", patience=4)
        assert ours == pytest.approx(optimiser.param_groups[0]["lr"], rel=1e-9)


def test_early_stopping_waits_for_a_better_accuracy():
    assert not should_stop([], 1) and not should_stop([0.3], 1) and not should_stop([0.5, 0.1], None)
    assert should_stop([0.3, 0.3], 1) and not should_stop([0.3, 0.31], 1)
    assert [should_stop([0.1, 0.5, 0.2, 0.3, 0.5][:n], 3) for n in range(6)] == [False] * 5 + [True]


def test_the_learning_rates_of_a_run_are_those_of_its_schedule(stripes, small_net):
    rows = fit(small_net(), stripes, epochs=5, lr=0.05, schedule="step", milestones=[2, 4])
    assert [row["lr"] for row in rows] == pytest.approx([0.05, 0.05, 0.005, 0.005, 0.0005])


def test_a_run_whose_accuracy_stands_still_drops_and_stops(stripes, small_net):
    (x, y), (x_test, y_test) = stripes
    still = (x, y), (x_test, np.zeros_like(y_test))  # this test cannot be passed
    net = small_net()
    rows = fit(net, still, epochs=30, lr=0.05, schedule="plateau", patience=1, stop_after=4)
    accuracies = [row["test_accuracy"] for row in rows]
    assert 5 <= len(rows) < 30 and max(accuracies[-4:]) <= max(accuracies[:-4])
    assert [row["lr"] for row in rows] == pytest.approx(
        [0.05 * 0.1 ** drops(accuracies[:n], 1) for n in range(len(rows))]
    )
    assert rows[-1]["lr"] < 1e-3


@pytest.mark.parametrize(
    ("settings", "twin"),
    [
        (
            {"optimiser": "sgd", "weight_decay": 0.01},
            lambda p: torch.optim.SGD(p, 0.02, momentum=0.9, weight_decay=0.01),
        ),
        ({"optimiser": "adam"}, lambda p: torch.optim.Adam(p, 0.001)),
        (
            {"optimiser": "rmsprop", "lr": 0.003, "momentum": 0.5},
            lambda p: torch.optim.RMSprop(p, 0.003, alpha=0.9, momentum=0.5),
        ),
    ],
)
def test_an_epoch_is_a_bare_loop_with_the_optimiser_of_torch(stripes, settings, twin):
    (x, y), test = stripes
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 3)).double()
    other = nn.Sequential(nn.Flatten(), nn.Linear(36, 3)).double()
    other.load_state_dict(net.state_dict())
    fit(net, ((x.astype(np.float64), y), test), epochs=2, schedule="constant", seed=4, **settings)
    optimiser, order = twin(other.parameters()), torch.Generator().manual_seed(4)
    for _ in range(2):
        for batch in torch.split(torch.randperm(60, generator=order), 16):
            optimiser.zero_grad()
            images = torch.from_numpy(x[batch.numpy()].astype(np.float64))
            F.cross_entropy(other(images), torch.from_numpy(y)[batch]).backward()
            optimiser.step()
    for a, b in zip(net.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-14)


def test_label_smoothing_changes_the_training_loss_only(stripes):
    logits, y = torch.randn(5, 4, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 0])
    log_p = F.log_softmax(logits, 1)
    expected = -(0.9 * log_p[torch.arange(5), y] + 0.1 * log_p.mean(1)).mean()
    torch.testing.assert_close(supervised_loss(logits, y, 0.1)[0], expected)
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 3))
    rows = fit(net, stripes, epochs=1, label_smoothing=0.2)
    assert rows[0]["test_loss"] == train.evaluate(net, *stripes[1])[0]


def test_auxiliary_heads_add_three_tenths_of_their_losses():
    logits, *heads = torch.randn(3, 6, 4, dtype=torch.float64)
    y = torch.arange(6) % 4
    loss, main = supervised_loss(Supervised(logits, tuple(heads)), y)
    parts = [F.cross_entropy(each, y) for each in (logits, *heads)]
    torch.testing.assert_close(loss, parts[0] + 0.3 * (parts[1] + parts[2]))
    assert main is logits


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.main, self.side = nn.Linear(36, 3), nn.Linear(36, 3)

    def forward(self, x):
        x = x.flatten(1)
        return Supervised(self.main(x), (self.side(x),)) if self.training else self.main(x)


def test_a_net_with_an_auxiliary_head_trains_both(stripes):
    net = TwoHeads()
    before = net.side.weight.detach().clone()
    rows = fit(net, stripes, epochs=10, lr=0.1)
    assert rows[-1]["test_accuracy"] > 0.9 and not torch.equal(before, net.side.weight)


def test_googlenet_trains_with_its_auxiliary_heads():
    net = zoo.build("googlenet", size=28, seed=0, **{**zoo.entry("googlenet").small, "auxiliary": True})
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    images = np.random.default_rng(0).random((8, 1, 28, 28), dtype=np.float32), np.arange(8)
    rows = train.fit(net, images, images, epochs=1, batch_size=8, device="cpu", progress=False)
    # Three heads of ten classes that guess: log 10 each, and twice three tenths of it.
    assert rows[0]["train_loss"] > 1.3 * math.log(10)
    still = [name for name, p in net.named_parameters() if torch.equal(before[name], p)]
    assert not [name for name in still if name.endswith("weight")], still


def test_top_five_is_reported_for_more_than_five_classes(stripes, tmp_path):
    x_test, y_test = stripes[1]
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 7))
    rows = fit(net, stripes, folder=tmp_path)
    scores = train.predict(net, x_test).numpy()
    right = [label in np.argsort(-row)[:5] for row, label in zip(scores, y_test, strict=True)]
    assert rows[-1]["test_top5"] == pytest.approx(np.mean(right))
    assert train.read_history(tmp_path / "history.csv") == rows
    assert "test_top5" not in fit(nn.Sequential(nn.Flatten(), nn.Linear(36, 5)), stripes)[-1]


def test_flips_and_shifts_are_those_of_numpy():
    x = torch.arange(5 * 2 * 4 * 3, dtype=torch.float32).reshape(5, 2, 4, 3)
    draws = augmentation.draw(
        40, flip=True, crop=2, generator=torch.Generator().manual_seed(1), device=torch.device("cpu")
    )
    indices = torch.tensor([3, 39, 0, 17, 8])
    found = augmentation.apply(x, draws, indices).numpy()
    for image, ours, i in zip(x.numpy(), found, indices.tolist(), strict=True):
        padded = np.pad(image, ((0, 0), (2, 2), (2, 2)))
        top, left = int(draws.top[i]), int(draws.left[i])
        crop = padded[:, top : top + 4, left : left + 3]
        np.testing.assert_array_equal(ours, crop[:, :, ::-1] if draws.flipped[i] else crop)
    assert draws.flipped.float().mean() == pytest.approx(0.5, abs=0.25)
    assert set(draws.top.tolist()) == set(draws.left.tolist()) == set(range(5))
    # our NumPy functions draw from the same set of images
    one = x[:1].numpy()
    shifted = {augment.shift(one, np.random.default_rng(s), by=2).tobytes() for s in range(300)}
    many = augmentation.apply(x[:1].expand(25, -1, -1, -1), _every_shift(), torch.arange(25))
    assert {image[None].numpy().tobytes() for image in many} == shifted


def _every_shift():
    top, left = torch.meshgrid(torch.arange(5), torch.arange(5), indexing="ij")
    return augmentation.Draws(torch.zeros(25, dtype=torch.bool), top.flatten(), left.flatten(), 2)


def test_without_augmentation_nothing_is_drawn(stripes, small_net):
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    assert augmentation.draw(9, flip=False, crop=0, generator=generator, device=torch.device("cpu")) is None
    assert torch.equal(generator.get_state(), before)
    plain, flipped = (fit(small_net(), stripes, flip=flip)[-1]["train_loss"] for flip in (False, True))
    assert plain != flipped


def test_precision_is_float32_on_a_cpu_unless_asked(stripes, small_net):
    cpu = torch.device("cpu")
    assert resolve("auto", cpu) == "float32" and resolve("bfloat16", cpu) == "bfloat16"
    with pytest.raises(CsCnnError, match="'float16' needs a CUDA GPU; choose bfloat16 or float32"):
        fit(small_net(), stripes, precision="float16")
    seen = []

    def look(module, inputs, output):
        if module.training:
            seen.append(output.dtype)

    for precision, expected in (("auto", torch.float32), ("bfloat16", torch.bfloat16)):
        seen.clear()
        net = small_net()
        net[0].register_forward_hook(look)
        rows = fit(net, stripes, precision=precision, epochs=8, lr=0.05)
        assert set(seen) == {expected} and rows[-1]["test_accuracy"] > 0.9
        assert all(p.dtype is torch.float32 for p in net.parameters())


def test_auto_is_what_a_gpu_has(monkeypatch):
    for has, expected in ((True, "bfloat16"), (False, "float16")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True, has=has: has)
        assert resolve("auto", torch.device("cuda")) == expected


def test_float16_scales_the_loss_and_keeps_the_scale():
    """The scaler's path on the CPU, where torch has one too."""
    precision = Precision("float16", torch.device("cpu"))
    weight = nn.Parameter(torch.ones(1))
    optimiser = torch.optim.SGD([weight], lr=0.5)
    precision.step((weight * 2).sum(), optimiser)
    assert weight.item() == 0.0
    precision.step((weight * math.inf).sum(), optimiser)  # an overflow: no step, and a smaller scale
    assert weight.item() == 0.0
    other = Precision("float16", torch.device("cpu"))
    other.load(precision.state())
    assert other.state()["scale"] == precision.state()["scale"] == 2.0**15
    assert Precision("float32", torch.device("cpu")).state() == {}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"optimiser": "adamw"}, "optimiser must be 'sgd', 'adam' or 'rmsprop', got 'adamw'"),
        ({"precision": "half"}, "precision must be .* got 'half'"),
        ({"schedule": "step"}, "schedule 'step' and milestones belong together"),
        ({"milestones": (2,)}, "schedule 'step' and milestones belong together"),
        (
            {"schedule": "step", "milestones": (2, 2)},
            r"milestones must be rising numbers of epochs from 1, got \[2, 2\]",
        ),
        ({"schedule": "step", "milestones": (0,)}, "milestones must be rising"),
        ({"factor": 1.0}, "factor must lie between 0 and 1, got 1.0"),
        ({"patience": 0}, "patience must be a whole number of at least 1, got 0"),
        ({"power": 0}, "power must be a number above 0, got 0"),
        ({"warmup": 3}, "warmup must be less than the 3 epochs of the run, got 3"),
        ({"warmup": 0.5}, "warmup must be a whole number of at least 0, got 0.5"),
        ({"crop": -1}, "crop must be a whole number of at least 0, got -1"),
        ({"label_smoothing": 1}, "label_smoothing must be at least 0 and less than 1, got 1"),
        ({"stop_after": 0}, "stop_after must be a whole number of at least 1, got 0"),
        ({"lr": "fast"}, "lr, the learning rate, must be a number above 0, got 'fast'"),
        ({"sync_batch_norm": True}, "sync_batch_norm needs CUDA GPUs"),
        ({"tensorboard": True}, "tensorboard needs a folder, got folder=None"),
        ({"momentun": 0.5}, "Training has no setting 'momentun'; did you mean 'momentum'"),
        ({"x": 0.5}, "Training has no setting 'x'; there are batch_size, optimiser"),
    ],
)
def test_settings_out_of_range_are_sentences(stripes, small_net, settings, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        fit(small_net(), stripes, **settings)


def test_only_schedules_that_end_at_zero_depend_on_the_number_of_epochs():
    for name, schedule in SCHEDULES.items():
        settings = make_settings(schedule=name, milestones=[1] if name == "step" else [])
        assert ("epochs" in settings.identity(4)) == schedule.ends
        if schedule.ends:
            assert learning_rate(settings, Moment(4, 4)) == pytest.approx(0, abs=1e-12)
