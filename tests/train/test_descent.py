"""The loop inside small trainings."""

from __future__ import annotations

import pytest
import torch

from cs_cnn.errors import CsCnnError
from cs_cnn.train.descent import descend


def _line(lr: float, **options: object) -> tuple[list[float], torch.Tensor, list[list[int]]]:
    x, w, seen = torch.arange(10.0), torch.zeros((), requires_grad=True), []

    def batch_loss(places: torch.Tensor) -> torch.Tensor:
        seen.append(places.tolist())
        return ((w * x[places] - 3 * x[places]) ** 2).mean()

    optimiser = torch.optim.SGD([w], lr=lr)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, 6, 0.0) if options.pop("stops", False) else None
    draw = torch.Generator().manual_seed(0)
    losses = descend(optimiser, 10, batch_loss, epochs=4, batch_size=4, generator=draw, schedule=schedule)
    return list(losses), w, seen


def test_every_example_is_seen_once_in_an_epoch_and_the_loss_is_a_mean_over_examples() -> None:
    losses, _, seen = _line(1e-30)  # too small a rate to move anything
    assert [len(batch) for batch in seen] == [4, 4, 2] * 4
    epochs = [[place for batch in seen[start : start + 3] for place in batch] for start in range(0, 12, 3)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert epochs[0] != epochs[1]
    assert losses == pytest.approx([9 * 28.5] * 4, rel=1e-5)


def test_it_learns_and_asks_the_schedule_after_every_step() -> None:
    losses, w, _ = _line(0.01)
    assert losses[-1] < 0.01 * losses[0]
    assert float(w.detach()) == pytest.approx(3, abs=0.05)
    stopped, _, _ = _line(0.001, stops=True)  # the rate is 0 after six steps: two epochs
    assert stopped[1] > stopped[2] == pytest.approx(stopped[3], rel=1e-5)


def test_a_loss_that_is_no_number_is_a_sentence() -> None:
    with pytest.raises(CsCnnError, match=r"no longer a number in epoch \d; try a smaller lr than 1e\+20"):
        _line(1e20)
