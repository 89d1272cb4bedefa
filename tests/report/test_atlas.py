"""What an atlas finds, in words, follows from its rows."""

import re
from pathlib import Path

import numpy as np
import pytest

from longlag.records.atlas import read_atlas
from longlag.report.atlas import to_text, write_atlas
from longlag.report.atlas_answers import answers, best
from longlag.report.figures.ranks import ranks
from longlag.report.words import read_toml, say
from longlag.stats import Ranking
from synthetic_atlas import CELLS
from synthetic_atlas import write_atlas as write_records


def sentence(name: str, facts) -> str:
    return say(name, facts, "atlas.toml")


def test_the_best_of_a_task_is_named_with_what_it_costs(atlas_folder: Path):
    facts = best("adding", read_atlas(atlas_folder).tasks["adding"])
    assert sentence("best", facts).startswith("On adding, the GRU remembers longest, ≥ 200 steps")
    assert "the GRU is the fastest to train" in sentence("cost", facts)
    assert len(facts["top"]) + len(facts["tied"]) + facts["below"] == facts["known"] == len(CELLS)


def test_who_is_not_decided_is_named_and_not_called_best(atlas_folder: Path):
    facts = best("parity", read_atlas(atlas_folder).tasks["parity"])
    assert sentence("undecided", facts) == "Undecided there: TCN (no recurrence) and UGRNN."
    assert not {"UGRNN", "TCN (no recurrence)"} & {*facts["top"], *facts["tied"]}


def test_where_most_are_not_decided_none_is_called_the_best(atlas_folder: Path):
    facts = best("parity", read_atlas(atlas_folder).tasks["parity"])
    few = {**facts, "known": 2, "undecided": ["LSTM", "GRU", "UGRNN"]}
    assert sentence("best", few).startswith("On parity, only 2 of 5 cells are decided as yet")
    assert sentence("cost", few) == sentence("undecided", few) == ""


def test_of_scores_the_least_loss_is_the_best(atlas_folder: Path):
    facts = best("chorales", read_atlas(atlas_folder).tasks["chorales"])
    assert facts["top"] == ["UGRNN"] and facts["metric"] == "NLL"


def test_a_gradient_that_does_not_foretell_is_said_not_to(atlas_folder: Path):
    known = answers(read_atlas(atlas_folder))
    decay, _, gates = (sentence("foretold", one) for one in known["foretold"])
    assert decay.startswith("Before training, a slower decay of the gradient foretells")
    assert "but not on parity" in decay and gates.endswith("too few cells are decided.")
    pooled = {**known["foretold"][0], "yes": [], "no": []}
    pooled["pooled"] = {**pooled["pooled"], "foretells": False, "rho": 0.1, "p": 0.6, "n": 12}
    assert "does not foretell a longer horizon" in sentence("foretold", pooled)
    pooled["pooled"] |= {"rho": -0.6, "p": 0.001}
    assert "goes against a longer horizon" in sentence("foretold", pooled)
    pooled["pooled"] |= {"rho": 0.8, "p": 1.0, "n": 4}
    assert sentence("foretold", pooled).endswith("too few cells are decided.")


def test_cells_of_a_block_are_said_to_be_compared_as_one(atlas_folder: Path):
    text = (atlas_folder / "atlas.md").read_text()
    assert "The LRU, minGRU, minLSTM and sLSTM were made for blocks" in text


def test_every_cell_has_a_line_of_the_table_and_no_number_is_missing(atlas_folder: Path):
    text = (atlas_folder / "atlas.md").read_text()
    lines = text[text.index("| cell |") :].strip().splitlines()
    assert len([line for line in lines if line]) == 2 + len(CELLS)
    assert not re.search(r"\bnan\b|None|inf\b", text)


def test_an_atlas_without_a_plan_and_without_untrained_cells_can_be_read(tmp_path: Path):
    folder = write_records(tmp_path / "atlas")
    for name in ("plan.json", "untrained.json"):
        (folder / name).unlink()
    assert all(path.is_file() for path in write_atlas(folder))
    text = to_text(read_atlas(folder), "atlas.md")
    assert "nothing is decided yet" in text and "cannot be told" in text


@pytest.mark.parametrize("name", read_toml("atlas.toml"))
def test_the_last_row_of_every_sentence_holds_whatever_the_numbers_are(name: str):
    assert "if" not in read_toml("atlas.toml")[name][-1]


def test_the_diagram_of_ranks_has_every_cell_that_is_decided_on_all_tasks(atlas_folder: Path):
    known = answers(read_atlas(atlas_folder))["overall"]
    assert known["cells"] == len(CELLS) - 2 and known["tasks"] == 3 and known["distance"] > 0
    page = (atlas_folder / "index.html").read_text()
    assert page.count('<div class="scroll" id="ranking"><svg') == 1
    assert "cannot be told from the best" in sentence("ranks", {**known, "p": 0.01})
    assert "does not tell" in sentence("ranks", {**known, "p": 0.2})
    assert sentence("ranks", {**known, "distance": float("nan")}) == ""


def test_the_diagram_draws_a_bar_of_the_critical_difference_for_each_cell():
    drawn = ranks(["a", "b", "c"], Ranking(np.array([1.0, 2.5, 2.0]), 1.2, 0.01))
    lines = re.findall(r"<path d=\"M ([\d.]+) ([\d.]+) \nL ([\d.]+) ([\d.]+) \n\" clip", drawn)
    bars = [tuple(map(float, line)) for line in lines]
    assert len(bars) == 3 and [bar[1] for bar in bars] == sorted(bar[1] for bar in bars)
    widths = [bar[2] - bar[0] for bar in bars]
    middles = [(bar[2] + bar[0]) / 2 for bar in bars]
    assert widths == pytest.approx([widths[0]] * 3)
    assert middles[1] - middles[0] == pytest.approx(widths[0] / 1.2)  # ranks 1 and 2
    assert middles[2] - middles[0] == pytest.approx(1.5 * widths[0] / 1.2)
