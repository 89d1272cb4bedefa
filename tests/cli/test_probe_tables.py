"""The chart in the terminal, and `longlag probe`."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from longlag.cli.gradient_chart import chart, colorless, of_it
from longlag.cli.main import main
from longlag.cli.probe_tables import interval, sentence, training, views
from longlag.records.store import Store
from longlag.runs.config import resolve
from longlag.runs.run import execute
from longlag.stats import Decay
from tiny import TINY


def rows(lines, **size) -> list[str]:
    return chart(lines, **size).plain.splitlines()


def test_an_exponential_decay_is_a_straight_line_from_corner_to_corner():
    lines = rows({"h": 10.0 ** -np.arange(16)}, width=8, height=4)
    assert lines[0].startswith("   1e+0 │") and lines[3].startswith("  1e-15 │")
    field = [line.split("│")[1] for line in lines[:4]]
    dots = [(r, c) for r, row in enumerate(field) for c, x in enumerate(row) if x != " "]
    assert dots == [(r, c) for r in range(4) for c in (2 * r, 2 * r + 1)]
    assert field[0][0] == "⠑" and field[3][-1] == "⢄"


def test_a_level_line_stays_on_its_row_and_what_is_not_a_number_is_left_out():
    lines = rows({"c": np.full(50, 0.1), "h": np.r_[np.ones(25), np.zeros(25)]}, width=10, height=5)
    assert lines[4].split("│")[1] == "⣀" * 10
    assert lines[0].split("│")[1] == "⠉" * 5 + " " * 5
    assert "● c   ● h" in lines[-1]


def test_without_a_gradient_the_chart_says_so():
    assert "no gradient" in rows({"h": np.zeros(5), "c": np.full(5, np.nan)})[0]


def test_without_colours_each_line_has_a_mark_of_its_own():
    lines = {"h": 10.0 ** -np.arange(16), "c": np.full(16, 1e-15)}
    drawn = rows(lines, width=16, height=16, color=False)
    field = [line.split("│")[1] for line in drawn[:16]]
    assert field[:15] == [" " * r + "o" + " " * (15 - r) for r in range(15)]
    assert field[15][:15] == "x" * 15
    assert "o h   x c" in drawn[-1]


def test_where_two_lines_meet_without_colours_both_marks_are_seen():
    drawn = rows({"h": np.full(20, 0.1), "c": np.full(20, 0.1)}, width=20, height=3, color=False)
    line = drawn[2].split("│")[1]
    assert set(line) == {"o", "x"}


@pytest.mark.parametrize(
    ("settings", "without"),
    [
        ({"force_terminal": True, "color_system": "truecolor"}, False),
        ({"force_terminal": True, "color_system": "truecolor", "no_color": True}, True),
        ({"file": io.StringIO()}, True),
    ],
)
def test_a_pipe_and_no_color_are_without_colours(settings, without):
    assert colorless(Console(**settings)) is without


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (2.31e-7, "2e-7 of it"),
        (0.0, "none of it"),
        (0.83, "83 % of it"),
        (1.0, "all of it"),
        (1.4, "1.4 times as much"),
        (float("nan"), "an unknown part"),
    ],
)
def test_a_share_is_said_as_a_person_says_it(share, words):
    assert of_it(share) == words


def examination(left: float) -> dict[str, np.ndarray]:
    """Two sequences whose gradient along c falls evenly to `left`, and along h to nothing."""
    c, h = np.geomspace(1, left, 100), np.r_[1.0, np.full(99, 1e-30)]
    return {
        "profile/0/h": h,
        "profile/0/c": c,
        "sequence/0/h": np.stack([h, h]),
        "sequence/0/c": np.stack([c, c]),
    }


def test_one_sentence_says_what_is_left_of_the_gradient_before_and_after():
    assert sentence({"init": examination(2e-7), "trained": examination(1.0)}) == (
        "At initialisation 2e-7 of the gradient is left over 99 steps along c, "
        "after training all of it."
    )
    assert sentence({"init": examination(0.5)}) == (
        "At initialisation 50 % of the gradient is left over 99 steps along c."
    )


def test_an_interval_whose_ends_agree_is_none_and_a_narrow_one_has_more_digits():
    assert interval(Decay(0.152, 0.152, 0.152, 4.56, (0.152,))) == "-"
    assert interval(Decay(0.152, 0.15201, 0.15203, 4.56, (0.1, 0.2))) == "0.15201 to 0.15203"
    assert interval(Decay(*[float("nan")] * 4, ())) == "-"


def test_the_training_line_weighs_windows_by_their_steps():
    arrays = {
        "window/end": np.array([1, 90]),
        "window/seen": np.array([1, 9]),
        "window/clipped": np.array([1.0, 0.0]),
        "window/exploded": np.array([0, 2]),
        "window/largest": np.array([3.0, 40.0]),
    }
    want = "of 10 training steps looked at: 10% clipped, 2 exploded, largest gradient norm 40"
    assert training(arrays).plain == want
    assert training({}) is None


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    settings = "cell=lstm task=adding task.length=8 trainer.max_steps=2 trainer.validate_every=2"
    settings += " trainer.validation_size=8 trainer.test_size=8 logger=none budget=100"
    assert main(["train", *settings.split()]) == 0
    (path,) = tmp_path.glob("results/single/*/record.json")
    return path.parent


def test_a_recorded_run_is_examined_by_its_folder_and_by_its_id(
    record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    out = io.StringIO()
    monkeypatch.setattr("longlag.cli.probe.OUT", Console(file=out, width=100, soft_wrap=True))
    assert main(["probe", str(record)]) == 0
    text = out.getvalue()
    for word in ("lag: steps back", "over 7 steps", "decay", "Lyapunov", "gates", "of 2 training"):
        assert word in text
    with np.load(record / "laboratory.npz") as file, np.load(record / "probe.npz") as probe:
        assert "trained/jacobian/0/lyapunov" in file.files
        mean = np.nanmean(file["init/sequence/0/c"], axis=0)
        np.testing.assert_allclose(mean, probe["profile/0/c"][0], rtol=1e-12)
    assert main(["probe", record.name]) == 0
    (record / "weights.pt").unlink()
    assert main(["probe", record.name]) == 2
    assert "longlag train" in capsys.readouterr().err


def shown(folder: Path, monkeypatch: pytest.MonkeyPatch, *settings: str) -> str:
    """What `longlag probe` prints of a run."""
    store = Store(folder, "study")
    store.prepare()
    place = store.save(*execute(resolve((*TINY, "logger=none", *settings)), store.folder))
    out = io.StringIO()
    monkeypatch.setattr("longlag.cli.probe.OUT", Console(file=out, width=100, soft_wrap=True))
    assert main(["probe", str(place)]) == 0
    return out.getvalue()


def test_layers_are_counted_from_1_in_every_table(tmp_path, monkeypatch):
    text = shown(tmp_path, monkeypatch, "cell=lstm", "model.layers=2")
    assert "with respect to the state of layer 2, the last:" in text
    tables = re.findall(
        r"^ *layer +(?:path|model|gate|perturbed).*\n((?: .*\n)+)", text, re.MULTILINE
    )
    assert len(tables) == 4
    for rows in tables:
        first = {row.split()[0] for row in rows.splitlines() if re.match(r" *\d ", row)}
        assert first == {"1", "2"}, rows


def test_of_one_layer_no_table_has_a_column_for_it(tmp_path, monkeypatch):
    text = shown(tmp_path, monkeypatch, "cell=lstm")
    assert "layer" not in text.partition("everything that was measured")[0]
    assert re.search(r"^ *path +model +nats/step", text, re.MULTILINE)
    assert re.search(r"^ *h +init ", text, re.MULTILINE)


def test_layers_stand_in_the_order_of_their_numbers():
    arrays = {f"profile/{layer}/h": np.ones(3) for layer in range(12)}
    assert [moments["init"].layer for moments in views({"init": arrays})] == list(range(12))


@pytest.mark.parametrize("words", [[], ["nowhere"], ["a", "b"]])
def test_what_is_no_run_is_refused_in_one_line(words, capsys: pytest.CaptureFixture[str]):
    assert main(["probe", *words]) == 2
    error = capsys.readouterr().err
    assert "results/<study>/<run id>" in error and error.count("\n") == 1
