from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from cs_cnn.errors import CsCnnError
from cs_cnn.train import evaluate, find_device, predict


def test_evaluate_is_what_the_formulas_say(stripes, small_net):
    _, (x, y) = stripes
    net = small_net().double().eval()
    with torch.no_grad():
        scores = net(torch.from_numpy(x).double()).numpy()
    log_p = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    loss, accuracy = evaluate(net, x, y, batch_size=7)
    assert loss == pytest.approx(-log_p[np.arange(30), y].mean(), rel=1e-12)
    assert accuracy == (scores.argmax(1) == y).mean()


def test_predict_gives_logits_on_the_cpu_whatever_the_batch(stripes, small_net):
    _, (x, _) = stripes
    net = small_net().double()
    logits = predict(net, x)
    assert logits.shape == (30, 3) and not logits.requires_grad and logits.device.type == "cpu"
    torch.testing.assert_close(predict(net, x, batch_size=4), logits, rtol=1e-12, atol=1e-12)


def test_every_module_stays_in_its_mode_and_batch_norm_learns_nothing(stripes, small_net):
    _, (x, y) = stripes
    net = small_net().train()
    net[1].eval()  # a frozen batch norm, as in fine-tuning
    state = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    evaluate(net, x, y)
    assert net.training and net[0].training and not net[1].training
    assert all(torch.equal(state[key], tensor) for key, tensor in net.state_dict().items())


def test_bad_arrays_are_sentences(stripes, small_net):
    _, (x, y) = stripes
    with pytest.raises(CsCnnError, match="x is empty"):
        predict(small_net(), x[:0])
    with pytest.raises(CsCnnError, match="y must hold 30 whole numbers"):
        evaluate(small_net(), x, y[:5])
    with pytest.raises(CsCnnError, match="model scores only 3 classes"):
        evaluate(small_net(), x, y + 1)
    with pytest.raises(CsCnnError, match=r"to logits \(N, classes\), got shape"):
        evaluate(nn.Conv2d(1, 3, 3), x, y)


def test_devices(monkeypatch):
    assert find_device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert find_device("auto") == torch.device("cpu")
    with pytest.raises(CsCnnError, match="'cuda:1' is not there: torch sees no CUDA GPU; use cpu or auto"):
        find_device("cuda:1")
    with pytest.raises(CsCnnError, match="'mps' is not there"):
        find_device("mps")
    for wanted in ("xpu", "gpu please", ""):
        with pytest.raises(CsCnnError, match="must be auto, cpu, cuda or mps"):
            find_device(wanted)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert find_device("auto") == torch.device("cuda")
    with pytest.raises(CsCnnError, match="the GPUs are cuda:0 to cuda:1"):
        find_device("cuda:2")
