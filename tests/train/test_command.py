"""The command `python -m cs_cnn.train`."""

from __future__ import annotations

import dataclasses
import re
import shlex

import pytest
import torch
from click.testing import CliRunner

from cs_cnn import data, train, zoo
from cs_cnn.train.__main__ import main


@pytest.fixture(autouse=True)
def few_images(monkeypatch, tmp_path):
    """Let the command see 320 + 100 of the packaged images, and write below an empty folder."""
    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    load = data.load

    def load_few(name, **options):
        full = load(name, **options)
        if full.x_train.ndim != 4:
            return full
        return dataclasses.replace(
            full,
            x_train=full.x_train[:320],
            y_train=full.y_train[:320],
            x_test=full.x_test[:100],
            y_test=full.y_test[:100],
        )

    monkeypatch.setattr(data, "load", load_few)
    yield
    torch.set_num_threads(threads)


def run(*words):
    return CliRunner().invoke(main, [*words, "--device", "cpu"])


def test_it_reports_every_epoch_the_accuracy_and_where_the_files_lie(tmp_path):
    result = run("lenet5", "--epochs", "2")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("lenet5: 61,706 parameters, on cpu; fashion-mnist: 320 + 100 images")
    assert lines[1].startswith("epoch 1/2  lr 0.0200") and lines[2].startswith("epoch 2/2  lr 0.0100")
    assert re.fullmatch(r"test accuracy 0\.\d{3}", lines[3])
    assert lines[4:] == ["checkpoint runs/lenet5/checkpoint.pt", "history runs/lenet5/history.csv"]
    rows = train.read_history("runs/lenet5/history.csv")
    assert lines[3] == f"test accuracy {rows[-1]['test_accuracy']:.3f}"
    assert sorted(p.name for p in (tmp_path / "runs" / "lenet5").iterdir()) == [
        "checkpoint.pt",
        "history.csv",
    ]

    net = zoo.build("lenet5", seed=9)
    assert train.load_weights(net, "runs/lenet5/checkpoint.pt").model_name == "lenet5"
    few = data.load("fashion-mnist")
    assert train.evaluate(net, few.x_test, few.y_test)[1] == rows[-1]["test_accuracy"]


def test_an_interrupt_keeps_the_last_epoch_and_tells_how_to_go_on(monkeypatch):
    command = (
        "lenet5",
        "--epochs",
        "3",
        "--lr",
        "0.01",
        "-o",
        "pooling=max",
        "-o",
        "c3=partial",
        "--out",
        "a run",
    )
    straight = run(*command[:-1], "straight")
    steps = iter(range(10_000))
    build = zoo.build

    def interrupted(*arguments, **options):
        net = build(*arguments, **options)

        def hook(module, inputs):
            if module.training and next(steps) == 45:  # 20 steps an epoch
                raise KeyboardInterrupt

        net.register_forward_pre_hook(hook)
        return net

    with monkeypatch.context() as patch:
        patch.setattr(zoo, "build", interrupted)
        result = run(*command)
    assert result.exit_code == 130
    assert "Interrupted: a run/checkpoint.pt holds the last whole epoch; go on with" in result.stderr
    assert train.load_checkpoint("a run/checkpoint.pt").epoch == 2
    words = shlex.split(result.stderr.splitlines()[-1])
    assert words[:3] == ["python", "-m", "cs_cnn.train"] and words[-1] == "--resume"
    resumed = CliRunner().invoke(main, words[3:])
    assert resumed.exit_code == 0, resumed.output
    assert re.sub(r"[\d.]+ s\b", "", resumed.stdout.splitlines()[1]) == re.sub(
        r"[\d.]+ s\b", "", straight.stdout.splitlines()[3]
    )
    ours, theirs = (train.load_checkpoint(f"{name}/checkpoint.pt").model for name in ("straight", "a run"))
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    again = run(*command, "--resume")
    assert "all 3 epochs were done already" in again.stdout

    other = run("lenet5", "--epochs", "3", "--lr", "0.01", "--out", "a run", "--resume")
    assert other.exit_code == 2
    assert "is a run of 'lenet5 c3=partial pooling=max', not of 'lenet5'" in other.stderr


def test_an_interrupt_before_the_first_epoch_says_so(monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("cs_cnn.train.loop.one_epoch", interrupted)
    result = run("lenet5", "--epochs", "1")
    assert result.exit_code == 130 and "nothing was saved" in result.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["lenet"], "There is no net 'lenet' in the zoo; did you mean 'lenet5'?"),
        (["lenet5", "--epochs", "0"], "epochs must be a whole number of at least 1, got 0."),
        (["lenet5", "--epochs", "two"], "'two' is not a valid integer"),
        (["lenet5", "--lr", "-1"], "lr, the learning rate, must be a number above 0, got -1.0."),
        (["lenet5", "--lr", "1e20"], "is too high: try a tenth of it"),
        (["lenet5", "--batch-size", "321"], "at most the number of training images, 320, got 321."),
        (["lenet5", "--data", "fashion"], "fashion"),
        (["lenet5", "--data", "two-layer-lookalike"], "is a table, not images"),
        (["lenet5", "--data", "digits"], "size must be 28 or 32, got 8"),
        (["lenet5", "--device", "tpu"], "The device must be auto, cpu, cuda or mps, got 'tpu'."),
        (["lenet5", "--threads", "0"], "threads must be a whole number of at least 1, got 0."),
        (["lenet5", "--seed", "-1"], "seed must be a whole number"),
        (["lenet5", "-o", "pooling"], "--option takes KEY=VALUE"),
        (["lenet5", "-o", "pooling=middle"], "pooling must be 'average' or 'max'"),
        (["lenet5", "-o", "size=32"], "images of shape (N, 1, 32, 32)"),
        (["lenet5", "--resume"], "There is no checkpoint runs/lenet5/checkpoint.pt"),
        (["lenet5", "--out", "taken/run"], "Cannot write to the folder taken/run"),
        ([], "Missing argument 'NAME'"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_status_2(tmp_path, words, sentence):
    (tmp_path / "taken").write_text("a file")
    result = CliRunner().invoke(main, words if "--device" in words else [*words, "--device", "cpu"])
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: ") and "Traceback" not in result.output
    assert not list(tmp_path.rglob("*.pt"))


def test_one_thread_unless_asked():
    torch.set_num_threads(2)
    run("lenet5", "--epochs", "1")
    assert torch.get_num_threads() == 1
    run("lenet5", "--epochs", "1", "--threads", "2")
    assert torch.get_num_threads() == 2


def test_help_shows_the_examples_line_by_line():
    lines = CliRunner().invoke(main, ["--help"]).stdout.splitlines()
    assert "    python -m cs_cnn.train lenet5 --epochs 3" in lines


def test_the_small_variant_is_built_and_named_with_what_it_changes():
    result = run(
        "resnet20", "--small", "-o", "width=0.25", "--epochs", "1", "--batch-size", "64", "--flip", "--crop", "2"
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    net = zoo.build("resnet20", size=28, **{**zoo.entry("resnet20").small, "width": 0.25})
    assert f"{sum(p.numel() for p in net.parameters()):,} parameters" in result.stdout
    saved = train.load_weights(net, "runs/resnet20/checkpoint.pt")
    assert (
        saved.model_name == "resnet20 width=0.25" and saved.settings["flip"] and saved.settings["crop"] == 2
    )


def test_the_line_that_goes_on_repeats_flags_and_milestones(monkeypatch):
    def stop(self, progress):
        raise KeyboardInterrupt

    words = ["lenet5", "--epochs", "3", "--schedule", "step", "--milestones", "1,2", "--flip"]
    assert run(*words, "--epochs", "2").exit_code == 0
    monkeypatch.setattr("cs_cnn.train.loop._Run.one_more", stop)
    result = run(*words, "--resume")
    assert result.exit_code == 130
    line = shlex.split(result.stderr.splitlines()[-1])
    assert line[:4] == ["python", "-m", "cs_cnn.train", "lenet5"] and line[-1] == "--resume"
    assert line.count("--flip") == line.count("--resume") == 1
    assert line[line.index("--milestones") + 1] == "1,2"


def test_an_early_stop_says_so():
    result = run("lenet5", "--epochs", "9", "--lr", "1e-9", "--stop-after", "2")
    assert "stopped after epoch 3: no better test accuracy in 2 epochs" in result.stdout, result.output
    assert len(train.read_history("runs/lenet5/history.csv")) == 3
    again = run("lenet5", "--epochs", "9", "--lr", "1e-9", "--stop-after", "2", "--resume")
    assert again.exit_code == 0 and "all 3 epochs were done already" in again.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--optimiser", "adamw"], "optimiser must be 'sgd', 'adam' or 'rmsprop', got 'adamw'."),
        (["--schedule", "steps"], "schedule must be 'cosine', 'constant'"),
        (["--schedule", "step", "--milestones", "3;5"], "--milestones takes numbers of epochs with commas"),
        (["--milestones", "3"], "The schedule 'step' and milestones belong together"),
        (["--precision", "float16"], "precision 'float16' needs a CUDA GPU"),
        (["--sync-batch-norm"], "sync_batch_norm needs CUDA GPUs"),
        (["--label-smoothing", "1.5"], "label_smoothing must be at least 0 and less than 1, got 1.5."),
        (["--stop-after", "0"], "stop_after must be a whole number of at least 1, got 0."),
        (["--crop", "-1"], "crop must be a whole number of at least 0, got -1."),
        (["--warmup", "10"], "warmup must be less than the 10 epochs of the run, got 10."),
    ],
)
def test_bad_settings_are_a_sentence_and_exit_status_2(tmp_path, words, sentence):
    result = run("lenet5", *words)
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr and "Traceback" not in result.output
    assert not list(tmp_path.rglob("*.pt"))
