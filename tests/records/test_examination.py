"""What stands in the report of the inside of the cells, of synthetic laboratories and real ones."""

import re
from pathlib import Path

import numpy as np
import pytest

from longlag.records.examination import LEAST, WHEN, Inside, examined, insides
from longlag.records.mechanism import strata
from longlag.records.reader import read_study
from longlag.records.seed_groups import settings, study_groups
from longlag.records.store import Store
from longlag.report import build, inside_answers
from longlag.report.document import Picture, Table
from longlag.report.words import say
from longlag.runs.analyse import examine_run
from longlag.runs.config import resolve
from longlag.runs.run import execute
from longlag.stats import rank_correlation
from report_of import blocks, document, rows, view, words

T = 100
FORGET = {"rnn": 0.9, "lstm": 0.97, "gru": 0.95}  # the factor of a step
Arrays = dict[str, np.ndarray]


def linear(a: float, leaves: str = "h", layer: int = 0, bound: bool = True) -> Arrays:
    """What an examination finds of s_t = a s_(t-1) in every part of the state."""
    k = np.arange(T)
    left = a**k
    found: Arrays = {}
    for leaf in leaves:
        at = f"{layer}/{leaf}"
        found |= {
            f"profile/{at}": left,
            f"sequence/{at}": np.tile(left, (4, 1)),
            f"along/{at}": left / 2,
            f"retention/kick/{at}": left,
        }
    found |= {
        f"jacobian/{layer}/{name}": value
        for name, value in {
            "steps": k[::10],
            "radius": np.full(10, a),
            "singular": np.full((10, 2), a),
            "log_norm": (k + 1) * np.log(a),
            "log_steps": (k + 1) * np.log(a),
            "lyapunov": np.full(4, np.log(a)),
        }.items()
    }
    found |= {f"jacobian/{layer}/bound": np.array(a)} if bound else {}
    found |= {f"timescale/{layer}/c": np.full(4, -1 / np.log(a))} if "c" in leaves else {}
    found |= {f"retention/swap/{layer}": left, f"retention/readable/{layer}": left[::11]}
    return found | {"retention/at": np.array(0), "retention/lags": k[::11]}


def write(folder: Path, **moments: Arrays) -> None:
    """A run's laboratory.npz."""
    flat = {f"{w}/{name}": v for w, arrays in moments.items() for name, v in arrays.items()}
    np.savez(folder / "laboratory.npz", allow_pickle=False, **flat)


def look(study: Path, change=lambda arrays: arrays) -> Path:
    """A study whose median runs are examined: each a linear map that forgets less when trained."""
    for g in study_groups(read_study(study)):
        a, leaves = FORGET[g.cell], "hc" if g.cell == "lstm" else "h"
        bound = g.cell == "rnn"
        start = linear(a, leaves, bound=bound)
        write(g.typical.folder, init=start, trained=change(linear(a**0.1, leaves, bound=bound)))
    return study


def cells(study: Path) -> list[Inside]:
    return [cell for g in study_groups(read_study(study)) for cell in insides(g)]


def table(study: Path) -> dict[str, list[str]]:
    """The table of the inside, by the name of the cell."""
    found = [b for b in blocks(document(study)) if isinstance(b, Table) and b.key == "inside"]
    return rows(found[0])


def pictures(study: Path) -> set[str]:
    """The figures of the inside."""
    keys = {"steps", "retention", "timescales", "shares"}
    return keys & {b.key for b in blocks(document(study)) if isinstance(b, Picture)}


def test_there_is_no_section_where_no_run_was_examined(small):
    assert "inside" not in [section.key for section in document(small).supplement]


def test_the_numbers_of_a_linear_map_stand_in_the_table(small):
    found = table(look(small))
    a = FORGET["rnn"]
    exponent, rate, radius, bound, tau, gradient, kick, probe_r2 = found["RNN"]
    assert exponent == f"{np.log(a):.2f} → {0.1 * np.log(a):.3f}"
    assert rate == f"{-np.log(a):.2f} → {-0.1 * np.log(a):.3f}"
    assert radius == f"{a:.2f} → {a**0.1:.2f}"
    assert bound == f"{a:.2f} → {a**0.1:.2f}"
    assert tau == "\N{EN DASH}"
    want = f"{99 * np.log10(a):.1f} → {9.9 * np.log10(a):.1f}"
    assert gradient == kick == want
    assert probe_r2 == f"{a**99:.2f} → {a**9.9:.2f}"
    middle = -1 / np.log(FORGET["lstm"])
    assert found["LSTM"][4] == f"{middle:.0f} → {10 * middle:.0f}"
    assert found["LSTM"][3] == "\N{EN DASH}"


def test_the_bound_of_a_map_that_is_bounded_is_its_product_and_else_the_sum_of_its_steps(small):
    for cell in cells(look(small)):
        for seen in cell.views.values():
            np.testing.assert_allclose(seen.most, seen.product)
        assert np.isnan(cell.views["init"].bound) == (cell.row.cell != "rnn")


def test_the_gradient_of_the_whole_state_is_that_of_all_its_parts(small):
    lstm = next(cell for cell in cells(look(small)) if cell.row.cell == "lstm")
    view = lstm.views["init"]
    np.testing.assert_allclose(view.gradient, np.sqrt(2) * FORGET["lstm"] ** np.arange(T))
    assert view.share("c") == pytest.approx(0.5)
    assert view.decay_rate == pytest.approx(-np.log(FORGET["lstm"]))


def test_a_perturbation_that_is_lost_in_rounding_is_told_as_such(small):
    def lose(arrays: Arrays) -> Arrays:
        kicks = {k: np.where(np.arange(T) > 5, 1e-15, v) for k, v in arrays.items() if "kick" in k}
        return arrays | kicks

    found = cells(look(small, lose))
    assert all(c.views["trained"].perturbation_left == np.log(LEAST) for c in found)
    assert all(row[6].endswith("→ ≤ -12") for row in table(small).values())


def test_every_writer_has_the_section_its_figures_and_its_table(small):
    build(look(small))
    page, text = ((small / f"report.{kind}").read_text() for kind in ("html", "md"))
    assert pictures(small) == {"steps", "retention", "timescales", "shares"}
    for key in ("steps", "retention", "timescales", "shares"):
        assert re.search(rf'<figure id="{key}".*?<svg', page, re.DOTALL)
        assert f"*Figure ({key}).*" in text
    assert "| LSTM | " in text.partition("## Inside the cells")[2]
    assert (small / "report.pdf").read_bytes().startswith(b"%PDF")


def test_the_bound_is_credited_to_the_paper_it_is_from(small):
    found = document(look(small))
    (number,) = set(re.findall(r"where it may explode \[(\d)\]", words(found)))
    assert found.references[int(number) - 1].startswith("R. Pascanu")


def test_a_trained_model_that_is_not_finite_leaves_the_initial_one(small):
    for g in study_groups(read_study(look(small))):
        if g.cell == "gru":
            write(g.typical.folder, init=linear(0.9))
    assert table(small)["GRU"][0] == f"{np.log(0.9):.2f} → \N{EN DASH}"
    build(small)
    text = (small / "report.md").read_text()
    assert "unless its weights left the numbers" in text and not re.search(r"\b(nan|inf)\b", text)


@pytest.mark.parametrize("value", [0.0, np.nan])
@pytest.mark.filterwarnings("error")
def test_a_profile_that_is_nothing_everywhere_is_drawn_and_told(small, value):
    def nothing(arrays: Arrays) -> Arrays:
        kinds = ("profile", "sequence", "along", "retention/kick", "retention/swap")
        empty = {k: np.full_like(v, value) for k, v in arrays.items() if k.startswith(kinds)}
        return arrays | empty | {"jacobian/0/log_norm": np.full(T, -np.inf)}

    build(look(small, nothing))
    gru = table(small)["GRU"]
    assert gru[1].endswith("→ \N{EN DASH}") and gru[5].endswith("→ \N{EN DASH}")
    assert not re.search(r"\b(nan|inf)\b", (small / "report.md").read_text())


def test_cells_of_one_state_without_gates_have_two_figures_and_the_reason_for_no_more(small):
    for g in study_groups(read_study(small)):
        write(g.typical.folder, init=linear(0.9), trained=linear(0.99))
    assert pictures(small) == {"steps", "retention"}
    text = words(document(small))
    assert "no examined cell has a gate that keeps" in text and "has one part" in text
    assert say("gated", inside_answers.mechanism(view(small))) == ""


def test_a_run_that_is_not_the_median_is_named_by_its_seed(small):
    g = study_groups(read_study(small))[0]
    other = next(run for run in g.runs if run is not g.typical)
    write(other.folder, init=linear(0.9), trained=linear(0.99))
    (cell,) = cells(small)
    assert cell.label == f"{g.label} (seed {other.seed})"
    assert "(1 of 3 cells and tasks so far)" in words(document(small))


def test_a_stack_of_many_layers_has_a_column_for_each(small):
    deep = {}
    for layer in range(5):
        deep |= linear(0.9, "hc", layer)
    for g in study_groups(read_study(small)):
        write(g.typical.folder, init=deep, trained=deep)
    steps = next(b for b in blocks(document(small)) if getattr(b, "key", "") == "steps")
    assert isinstance(steps, Picture) and len(steps.panels) == 3 * 15 and steps.columns == 4


def test_two_numbers_that_order_cells_alike_go_together_and_turned_against_each_other(study):
    found = examined(settings(study_groups(read_study(look(study)))))

    def said(turn: int, p: float) -> str:
        known = {}
        for when in WHEN:
            both = strata(found, when, lambda v: v.exponent, lambda v: turn * v.radius)
            known[when] = rank_correlation(both, np.random.default_rng(0)), p
        return say("agreement", inside_answers.agreement("exponent", known))

    assert "Lyapunov exponent goes with a slower decay" in said(1, 0.01)
    assert "Lyapunov exponent goes against a slower decay" in said(-1, 0.01)
    assert "cannot be told to go with" in said(1, 0.06) and "n = 6" in said(1, 0.01)


TINY = (
    "task=adding", "task.length=8", "match=none", "model.hidden_size=3", "trainer.max_steps=5",
    "trainer.validate_every=5", "trainer.validation_size=16", "trainer.test_size=16", "logger=none",
)  # fmt: skip


def test_every_layer_of_a_real_stack_is_shown_and_named(tmp_path):
    store = Store(tmp_path, "stack")
    store.prepare()
    for how in ("cell=lstm", "cell=antisymmetric"):
        folder = store.save(*execute(resolve((*TINY, how, "model.layers=2")), store.folder))
        examine_run(folder)
    build(store.folder)
    text = (store.folder / "report.md").read_text().partition("## Inside the cells")[2]
    names = ("LSTM layer 1", "LSTM layer 2", "AntisymmetricRNN layer 1", "AntisymmetricRNN layer 2")
    assert all(f"| {name} |" in text for name in names)
    assert "Of a stack each layer is examined on its own" in text
