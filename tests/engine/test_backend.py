"""`auto` is a rule: the same call has the same backend, whatever else the machine does."""

import json
import os
import subprocess
import sys
from contextlib import nullcontext

import pytest
import torch

from longlag.cells import GRU, LSTM, Elman, GRUResetBefore, MinGRU
from longlag.cells.base import Hidden
from longlag.engine import BACKENDS, c_compiler, choose_backend, compiled, unroll

T, B, I, H = 6, 3, 2, 4
CELLS = (LSTM, GRU, GRUResetBefore, Elman, MinGRU)
SCRIPT = """
import json, sys, torch
from longlag import cells
from longlag.engine import unroll
torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(0)
found = {}
for name in ("LSTM", "GRU", "GRUResetBefore", "Elman", "MinGRU"):
    run = unroll(getattr(cells, name)(2, 4), torch.randn(6, 3, 2))
    found[name] = run.backend, run.y.sum().item().hex()
print(json.dumps(found))
"""


@pytest.mark.parametrize("cell", CELLS)
def test_the_compiled_step_is_taken_wherever_it_can_be(cell):
    assert choose_backend(cell(I, H), torch.zeros(T, B, I)) == "compiled"


@pytest.mark.parametrize(
    ("cell", "plain", "step_by_step"),
    [(GRU, "fused", "loop"), (GRUResetBefore, "loop", "loop"), (MinGRU, "scan", "scan")],
)
def test_without_it_follow_the_scan_the_vendors_kernel_and_the_loop(
    cell, plain, step_by_step, monkeypatch
):
    monkeypatch.setattr("longlag.engine.backend.compiled_step", lambda *given: "no C compiler")
    net, x = cell(I, H), torch.zeros(T, B, I)
    resets, taps = torch.zeros(T, B, dtype=torch.bool), net.State(torch.zeros(T, B, H))
    said = pytest.warns(UserWarning, match="no C compiler") if plain == "loop" else nullcontext()
    compiled._warned.clear()
    with said:
        assert choose_backend(net, x) == unroll(net, x).backend == plain
    assert choose_backend(net, x, resets=resets) == step_by_step
    assert choose_backend(net, x, taps=taps) == unroll(net, x, taps=taps).backend == step_by_step


class Sorts(Elman):
    """Its step is no arithmetic of one unit beside the next."""

    def step(self, u, s):
        return Hidden(super().step(u, s).h.sort(-1).values)


def test_auto_says_once_that_a_cell_runs_on_the_loop_why_and_who_tells_more():
    compiled._warned.clear()
    x = torch.zeros(T, B, I)
    warning = r"^Sorts runs on loop: .*pointwise.*; `longlag check .*test_backend\.Sorts` tells"
    with pytest.warns(UserWarning, match=warning) as found:
        for size in (H, H + 1):
            cell = Sorts(I, size)
            assert [unroll(cell, x, backend=b).backend for b in ("auto", "compiled")] == [
                "loop"
            ] * 2
    assert len(found) == 1


def test_a_kernel_of_the_vendors_does_not_stand_for_a_step_that_a_subclass_changed():
    assert Sorts(I, H).kernel() is None and Elman(I, H).kernel() is not None


def test_nothing_is_said_where_the_loop_is_asked_for_or_single_steps_are():
    compiled._warned.clear()
    cell, x = Sorts(I, H), torch.zeros(T, B, I)
    unroll(cell, x, backend="loop")
    unroll(cell, x, taps=Hidden(torch.zeros(T, B, H)))


def test_fresh_caches_stray_files_threads_and_load_change_neither_backend_nor_bits(tmp_path):
    load = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    found = []
    try:
        for name, threads in (("one", "1"), ("two", "2"), ("one", "1")):
            cache = tmp_path / name
            cache.mkdir(exist_ok=True)
            for stray in ("auto-0.json", "auto-1.json"):
                (cache / stray).write_text(json.dumps({"backend": "nosuch"}))
            done = subprocess.run(
                [sys.executable, "-c", SCRIPT, threads],
                env={**os.environ, "LONGLAG_CACHE": str(cache)},
                capture_output=True,
                text=True,
                check=True,
            )
            found.append(json.loads(done.stdout))
    finally:
        load.kill()
        load.wait()
    assert found[0] == found[1] == found[2]
    assert {backend for backend, _ in found[0].values()} == {"compiled"}


@pytest.mark.parametrize("cell", CELLS)
def test_auto_computes_what_the_loop_does_also_where_no_gradient_is_taken(cell):
    net, x = cell(I, H).double(), torch.randn(T, B, I, dtype=torch.double)
    with torch.inference_mode():
        torch.testing.assert_close(unroll(net, x).y, unroll(net, x, backend="loop").y)


def test_the_rule_leaves_no_trace():
    cell, x = LSTM(I, H), torch.zeros(T, B, I)
    before = torch.get_rng_state()
    choose_backend(cell, x)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(p.grad is None for p in cell.parameters())


def test_a_cell_compiled_before_is_run_though_its_cache_is_lost(monkeypatch):
    cell, x = LSTM(I, H), torch.zeros(T, B, I)
    unroll(cell, x)
    monkeypatch.setenv("LONGLAG_CACHE", "/dev/null/nowhere")
    assert unroll(cell, x).backend == "compiled"
    c_compiler.library.cache_clear()
    assert "cannot be written to" in compiled.compiled_step(GRU(I, H + 1), x)


def test_the_backends_are_those_that_are_named():
    assert BACKENDS[0] == "auto" and len(set(BACKENDS)) == 5
