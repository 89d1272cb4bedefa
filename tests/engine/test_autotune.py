"""`auto` takes what is fastest where it is run, and the same one in every process."""

import json

import pytest
import torch

from longlag.cells import GRU, LSTM, GRUv1, MinGRU
from longlag.engine import autotune, choose, compiled, unroll

T, B, I, H = 6, 3, 2, 4


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("LONGLAG_CACHE", str(tmp_path))
    return tmp_path


def clock(monkeypatch, **seconds):
    """Let a pass on each backend take so long."""
    asked = []

    def run(cell, x, lengths, backend):
        assert lengths is None or len(lengths.unique()) > 1  # equal ones are a special case
        asked.append((backend, lengths is not None))
        return seconds[backend]

    monkeypatch.setattr(autotune, "run", run)
    return asked


@pytest.mark.parametrize(("seconds", "backend"), [(1.0, "compiled"), (0.95, "compiled"), (0.5, "")])
@pytest.mark.parametrize(("cell", "other"), [(LSTM, "fused"), (GRU, "fused"), (MinGRU, "scan")])
def test_the_faster_one_is_taken_if_it_is_clearly_faster(
    cell, other, seconds, backend, monkeypatch
):
    clock(monkeypatch, **{"compiled": 1.0, other: seconds})
    assert choose(cell(I, H), torch.zeros(T, B, I)) == (backend or other)


def test_it_is_measured_once_for_all_processes(monkeypatch, cache):
    asked = clock(monkeypatch, compiled=1.0, fused=0.1)
    x = torch.zeros(T, B, I)
    assert choose(LSTM(I, H), x) == "fused"
    n = len(asked)
    monkeypatch.setattr(autotune, "_known", type(autotune._known)())  # as another process begins
    clock(monkeypatch, compiled=0.1, fused=1.0)
    assert choose(LSTM(I, H), x) == "fused" and len(asked) == n
    (file,) = cache.glob("auto-*.json")
    assert json.loads(file.read_text())["backend"] == "fused"
    file.write_text("{")  # damaged: measured again
    monkeypatch.setattr(autotune, "_known", type(autotune._known)())
    assert choose(LSTM(I, H), x) == "compiled"


def test_the_first_of_two_that_measure_at_once_is_right(monkeypatch):
    assert autotune.keep("same", {"backend": "scan"}) == "scan"
    assert autotune.keep("same", {"backend": "compiled"}) == "scan"


def test_lengths_and_sizes_are_measured_apart(monkeypatch):
    asked = clock(monkeypatch, compiled=1.0, fused=1.0)
    cell, x = LSTM(I, H), torch.zeros(T, B, I)
    choose(cell, x)
    n = len(asked)
    choose(cell, torch.zeros(9, B + 1, I))  # another length, and the same power of two
    assert len(asked) == n
    choose(cell, x, lengths=torch.tensor([2, 3, 6]))
    assert len(asked) == 2 * n and asked[-1] == ("fused", True)


def test_a_measurement_leaves_no_trace(cache):
    cell, x = LSTM(I, H), torch.zeros(T, B, I)
    before = torch.get_rng_state()
    with torch.no_grad():
        assert choose(cell, x) in ("compiled", "fused")
    assert torch.equal(torch.get_rng_state(), before)
    assert all(p.grad is None for p in cell.parameters())


@pytest.mark.parametrize("cell", [LSTM, MinGRU])
def test_it_can_be_measured_where_no_gradient_is_taken(cell):
    net = cell(I, H)
    with torch.inference_mode():
        assert unroll(net, torch.zeros(T, B, I)).y.shape == (T, B, H)


def test_a_cache_that_cannot_be_written_to_is_done_without(monkeypatch):
    cell, x = LSTM(I, H), torch.zeros(T, B, I)
    choose(GRU(I, H), x)  # compiled before the cache is lost
    assert compiled.able(cell, x)
    clock(monkeypatch, compiled=1.0, fused=0.1)
    monkeypatch.setenv("LONGLAG_CACHE", "/dev/null/nowhere")
    assert choose(cell, x) == "fused"


def test_what_one_backend_alone_can_do_is_not_measured(monkeypatch):
    asked = clock(monkeypatch)
    x, resets = torch.zeros(T, B, I), torch.zeros(T, B, dtype=torch.bool)
    assert choose(LSTM(I, H), x, resets=resets) == "loop"
    assert choose(MinGRU(I, H), x, resets=resets) == "scan"
    assert choose(GRUv1(I, H), x) == "compiled"
    monkeypatch.setattr(compiled, "able", lambda cell, x: False)  # no C compiler
    found = [choose(cell(I, H), x) for cell in (GRU, GRUv1, MinGRU)]
    assert found == ["fused", "loop", "scan"]
    assert not asked


def test_auto_computes_what_the_loop_does():
    cell, x = MinGRU(I, H).double(), torch.randn(T, B, I, dtype=torch.double)
    torch.testing.assert_close(unroll(cell, x).y, unroll(cell, x, backend="loop").y)
