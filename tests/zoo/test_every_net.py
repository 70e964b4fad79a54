"""What every net of the zoo promises, held for every name that is registered."""

from __future__ import annotations

import functools
import inspect
import io
import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cs_cnn import zoo
from cs_cnn.data import load
from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.parts.staged import Staged, Supervised

every_net = pytest.mark.parametrize("name", zoo.names())

IMAGES = 64
STEPS = 100
# Shallower members of these families learn by heart. That deep plain nets do not, in so few steps, is what
# residual nets were invented for.
DEEP = ("plain32", "plain44", "plain56", "plain110", "resnet101", "resnet152")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@functools.cache
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    data = load("fashion-mnist")
    return torch.from_numpy(data.x_train[:IMAGES].copy()), torch.from_numpy(data.y_train[:IMAGES].copy())


def logits(out: torch.Tensor | Supervised) -> torch.Tensor:
    return out.logits if isinstance(out, Supervised) else out


def loss_and_logits(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    out = net(x)
    loss = F.cross_entropy(logits(out), y)
    if isinstance(out, Supervised):
        loss = loss + 0.3 * sum(F.cross_entropy(head, y) for head in out.auxiliary)
    return loss, logits(out)


def loss_of(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return loss_and_logits(net, x, y)[0]


@every_net
@pytest.mark.parametrize(("size", "channels"), list(itertools.product((28, 32), (1, 3))))
def test_small_variant_scores_the_classes_that_were_asked_for(name, size, channels):
    net = zoo.build_small(name, size=size, classes=7, channels=channels, seed=0)
    assert isinstance(net, Staged)
    with torch.no_grad():
        assert logits(net(torch.rand(2, channels, size, size))).shape == (2, 7)


@every_net
def test_features_of_every_stage_lead_to_the_logits(name):
    net = zoo.build_small(name, seed=0).eval()
    assert isinstance(net, Staged)
    assert len(set(net.stages)) == len(net.stages) > 2
    x = batch()[0][:3]
    with torch.no_grad():
        every = [net.features(x, upto=stage) for stage in net.stages]
        assert all(maps.shape[0] == 3 and maps.isfinite().all() for maps in every)
        assert every[0].shape != every[-1].shape
        assert torch.equal(every[-1], net(x))
        assert torch.equal(net.features(x), net.features(x, upto=net.stages[-2]))
    with pytest.raises(ValueError, match=f"upto must be a stage of {type(net).__name__} "):
        net.features(x, upto="nowhere")


@pytest.mark.parametrize("name", [name for name in zoo.names() if name not in DEEP])
def test_small_variant_learns_64_real_images_by_heart(name):
    x, y = batch()
    net = zoo.build_small(name, seed=0)
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0  # dropout is there to hinder this
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss, scores = loss_and_logits(net, x, y)
        if (scores.argmax(1) == y).all():
            return
        loss.backward()
        optimizer.step()
    pytest.fail(f"after {STEPS} steps the loss is {loss.item():.3f}")


@pytest.mark.parametrize("name", DEEP)
def test_deep_members_of_families_begin_to_learn(name):
    x, y = batch()
    net = zoo.build_small(name, seed=0)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = loss_of(net, x, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-3:]) / 3 < losses[0] - 0.1, losses


@every_net
def test_auxiliary_heads_speak_in_training_only(name):
    net = zoo.build_small(name, seed=0)
    x, y = batch()
    out = net.train()(x[:4])
    if isinstance(out, Supervised):
        assert len(out.auxiliary) > 0 and all(head.shape == out.logits.shape for head in out.auxiliary)
    loss_of(net, x[:4], y[:4]).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    assert isinstance(net.eval()(x[:4]), torch.Tensor)


@every_net
def test_a_saved_net_goes_on_as_it_was(name):
    x, y = batch()
    x, y = x[:8], y[:8]
    net = zoo.build_small(name, seed=0)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-5)
    loss_of(net, x, y).backward()  # also moves the statistics of batch normalisation away from their start
    optimizer.step()
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    file.seek(0)
    fresh = zoo.build_small(name, seed=1)
    with torch.no_grad():
        before = net.eval()(x)
        assert not torch.equal(fresh.eval()(x), before)
        fresh.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(fresh(x), before)
        # In evaluation mode images do not meet: each is scored as if it were alone.
        torch.testing.assert_close(fresh(x[:1]), before[:1], rtol=1e-4, atol=1e-5)
    assert all(layer.training for layer in fresh.train().modules())
    assert loss_of(fresh, x, y).requires_grad


@every_net
def test_torch_export_accepts_the_small_variant(name):
    net = zoo.build_small(name, seed=0).eval()
    x = batch()[0][:2]
    exported = torch.export.export(net, (x,)).module()
    with torch.no_grad():
        torch.testing.assert_close(exported(x), net(x))


@every_net
def test_docstring_is_ready_for_a_chapter(name):
    maker = zoo.entry(name).maker
    maker = getattr(maker, "func", maker)
    text = f"{maker.__doc__}\n{type(zoo.build_small(name)).__doc__}"
    for part in ("**What differs.**", "**Initialisation.**", "References\n", "Examples\n"):
        assert part in text, part
    assert "====" in text  # the table of stages


@every_net
def test_table_of_stages_can_be_typeset(name):
    core = pytest.importorskip("docutils.core")
    maker = zoo.entry(name).maker
    text = inspect.getdoc(getattr(maker, "func", maker))
    assert text is not None
    complaints = io.StringIO()
    core.publish_doctree(
        text.split("\nParameters\n")[0],  # from here on the headings are numpydoc's
        settings_overrides={"warning_stream": complaints, "report_level": 2},
    )
    assert complaints.getvalue() == ""


@every_net
def test_wrong_images_are_one_sentence(name):
    net = zoo.build_small(name, channels=3, seed=0)
    assert isinstance(net, Staged)
    who = type(net).__name__
    with pytest.raises(
        ValueError, match=rf"^This {who} takes images of shape \(N, 3, .*got \(2, 1, 28, 28\)"
    ):
        net(torch.zeros(2, 1, 28, 28))
    with pytest.raises(ValueError, match=rf"^This {who} takes images of shape .*got \(3, 28, 28\)"):
        net(torch.zeros(3, 28, 28))
    wrong = net.size + 5 if net.fixed else net.smallest - 1
    if wrong > 0:
        with pytest.raises(ValueError, match=rf"^This {who} takes images .*got \(2, 3, {wrong}, {wrong}\)"):
            net(torch.zeros(2, 3, wrong, wrong))


@every_net
def test_published_form_runs_without_memory(name):
    published = zoo.entry(name).published
    assert {"classes", "channels", "size"} <= set(published)
    with torch.device("meta"):
        net = zoo.build_published(name)
        images = torch.empty(1, published["channels"], published["size"], published["size"])
    assert all(p.is_meta for p in net.parameters())
    out = net.eval()(images)
    assert out.shape == (1, published["classes"]) and out.is_meta


@every_net
@pytest.mark.parametrize("size", [0, -3, 2.5, "large"])
def test_impossible_sizes_are_sentences(name, size):
    with pytest.raises(CsCnnError, match=f"Cannot build '{name}': size must be .*got {size!r}"):
        zoo.build(name, size=size)
