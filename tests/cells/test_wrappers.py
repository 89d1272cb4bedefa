"""What wraps a cell does what its paper says in training, and nothing else."""

import copy
import pickle
from functools import partial
from typing import Any

import pytest
import torch

from longlag.cells import GRU, LRU, LSTM, Elman, LSTMState, MinGRU
from longlag.cells.wrappers import ClipThroughTime, HDetach, VariationalDropout, Zoneout
from longlag.engine import compiled, unroll
from longlag.nn.model import Model
from longlag.probes.taps import state_gradients

T, B, I, H = 9, 3, 2, 4
ALL: dict[str, Any] = {
    "zoneout": partial(Zoneout, rates={"h": 0.3, "c": 0.5}),
    "variational": VariationalDropout,
    "hdetach": partial(HDetach, p=0.5),
    "clipped": partial(ClipThroughTime, bound=1e-3),
}


def built(make: Any, cell: Any = LSTM, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return make(I, H, cell=cell).double()


def inputs(steps: int = T, batch: int = B) -> torch.Tensor:
    rng = torch.Generator().manual_seed(1)
    return torch.randn(steps, batch, I, dtype=torch.double, generator=rng)


def same(one: Any, other: Any) -> None:
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def gradient_of_first_state(cell: Any, x: torch.Tensor, backend: str = "loop") -> Any:
    """dL/ds_0 of the last h, and the run."""
    s = LSTMState(*(torch.full((B, H), 0.1, dtype=torch.double).requires_grad_() for _ in "hc"))
    run = unroll(cell, x, s, backend=backend)
    return LSTMState(*torch.autograd.grad(run.final.h.sum(), s, materialize_grads=True)), run


@pytest.mark.parametrize("name", ALL)
def test_training_draws_from_its_own_generator_alone(name: str):
    cell, x = built(ALL[name]), inputs()
    before = torch.get_rng_state()
    one, two = (unroll(cell, x, backend="loop").y for _ in range(2))
    assert torch.get_rng_state().equal(before)
    assert one.equal(two) == (name in ("hdetach", "clipped"))  # the values of those stay
    again = built(ALL[name])
    assert unroll(again, x, backend="loop").y.equal(one)
    seeded = [built(partial(ALL[name], seed=5), seed=k) for k in (0, 1)] if name[0] != "c" else []
    assert len({cell.source.generator.initial_seed() for cell in seeded}) < 2


def test_layers_of_a_stack_draw_different_numbers():
    model = Model(I, 1, partial(Zoneout, cell=LSTM, rates={"h": 0.5}), H, 2)
    one, two = (cell.source.uniform(20) for cell in model.cells)  # pyright: ignore
    assert not one.equal(two)


@pytest.mark.parametrize("name", ALL)
def test_a_copy_in_the_midst_of_training_goes_on_alike(name: str):
    cell, x = built(ALL[name]), inputs()
    unroll(cell, x, backend="loop")
    twins = copy.deepcopy(cell), pickle.loads(pickle.dumps(cell))
    y = unroll(cell, x, backend="loop").y
    assert all(unroll(twin, x, backend="loop").y.equal(y) for twin in twins)


@pytest.mark.parametrize("name", ["variational", "hdetach", "clipped"])
def test_in_eval_it_is_the_cell_itself_on_the_vendors_kernel_too(name: str):
    cell, x = built(ALL[name]).eval(), inputs()
    want = gradient_of_first_state(cell.cell, x)
    for backend in ("loop", "fused"):
        grad, run = gradient_of_first_state(cell, x, backend)
        same((run.y, *run.final, *grad), (want[1].y, *want[1].final, *want[0]))
    cell.train()
    assert cell.kernel() is None


@pytest.mark.parametrize("backend", ["loop", "auto"])
def test_zoneout_in_eval_is_the_expectation(backend: str):
    many, x = 40_000, inputs(1, 1)
    cell = built(ALL["zoneout"])
    s = LSTMState(*(torch.full((many, H), v, dtype=torch.double) for v in (0.4, -0.7)))
    drawn = unroll(cell, x.expand(1, many, I), s, backend="loop").final
    first = LSTMState(*(leaf[:1] for leaf in s))
    mean = unroll(cell.eval(), x, first, backend=backend).final
    for one, other in zip(drawn, mean, strict=True):
        torch.testing.assert_close(one.mean(0), other[0], rtol=0, atol=0.01)


def test_zoneout_keeps_a_unit_or_steps_it():
    cell, x = built(ALL["zoneout"]), inputs(1, 2000)
    s = LSTMState(*(torch.full((2000, H), v, dtype=torch.double) for v in (0.4, -0.7)))
    run = unroll(cell, x, s, backend="loop").final
    new = unroll(cell.cell, x, s, backend="loop").final
    for z, got, old, stepped in zip((0.3, 0.5), run, s, new, strict=True):
        kept = got == old
        assert (kept | torch.isclose(got, stepped, 1e-9)).all()
        assert abs(kept.double().mean() - z) < 0.03


def test_zoneout_at_one_never_moves_and_at_nought_is_the_cell():
    x = inputs()
    still = built(partial(Zoneout, rates={"h": 1, "c": 1}))
    assert not unroll(still, x, backend="loop").y.any()
    free = built(partial(Zoneout, rates={}))
    same(unroll(free, x, backend="loop").y, unroll(free.cell, x, backend="loop").y)


def test_a_variational_mask_is_one_for_all_steps():
    cell = built(VariationalDropout)
    x = torch.ones(T, 50, I, dtype=torch.double)
    seen, (m_h,) = cell.drawn(x)
    assert seen.equal(seen[:1].expand_as(seen)) and m_h.equal(m_h[:1].expand_as(m_h))
    for mask in (seen, m_h):
        same(mask.unique(), torch.tensor([0, 1 / 0.75], dtype=torch.double))
        assert abs((mask == 0).double().mean() - 0.25) < 0.1
    assert not m_h[0, 0].equal(m_h[0, 1:]) and not (seen[0] == seen[0, :1]).all()


def test_variational_dropout_is_dropping_rows_of_the_matrices():
    cell, x = built(VariationalDropout), inputs(batch=1)
    twin = copy.deepcopy(cell)
    seen, (m_h,) = twin.drawn(x)
    plain = copy.deepcopy(cell.cell)
    with torch.no_grad():
        plain.W_h.weight.mul_(m_h[0, 0])
    same(unroll(cell, x, backend="loop").y, unroll(plain, seen, backend="loop").y)


def test_h_detach_at_one_leaves_the_way_through_c_alone():
    cell, x = built(partial(HDetach, p=1.0)), inputs()
    grad, run = gradient_of_first_state(cell, x)
    assert not grad.h.any()
    s, way = LSTMState(*(torch.full((B, H), 0.1, dtype=torch.double) for _ in "hc")), 1.0
    for u in cell.cell.project(x):
        gate = cell.cell.gates(u, s)
        s, way = cell.cell.step(u, s), way * gate.f
    same(grad.c, way * gate.o * (1 - s.c.tanh() ** 2))
    same(run.final.c, s.c)


def test_h_detach_at_nought_is_the_cell():
    cell, x = built(partial(HDetach, p=0.0)), inputs()
    (grad, run), (want, plain) = (gradient_of_first_state(c, x) for c in (cell, cell.cell))
    same((run.y, *grad), (plain.y, *want))


def test_h_detach_cuts_a_share_of_the_steps_for_all_sequences_at_once():
    cell = built(partial(HDetach, p=0.25))
    _, (is_open,) = cell.drawn(torch.zeros(4000, B, I))
    assert is_open.equal(is_open[:, :1].expand_as(is_open))
    assert abs(is_open.mean() - 0.75) < 0.03


@pytest.mark.parametrize("cell", [LSTM, GRU, LRU])
def test_clipping_bounds_what_every_step_hands_back(cell: Any):
    bound, x = 1e-2, inputs()
    torch.manual_seed(0)
    make = partial(ClipThroughTime, cell=cell, bound=bound)
    model = Model(I, 1, make, H).double()

    def norms(model: Model) -> torch.Tensor:
        (g,) = state_gradients(model, x, lambda out: out.prediction[-1].sum(), backend="loop")
        return torch.stack([leaf.norm(dim=-1) for leaf in g]).norm(dim=0)  # (T,B)

    clipped, plain = norms(model), norms(model.eval())
    assert (clipped[:-1] <= bound * (1 + 1e-12)).all() and (plain[:-1] > bound).any()
    assert (clipped[:-1] > 0).all()
    same(clipped[-1], plain[-1])  # the loss itself is not a step
    generous = Model(I, 1, partial(make, bound=1e3), H).double().train()
    generous.load_state_dict(model.state_dict())
    same(norms(generous), plain)


@pytest.mark.parametrize("name", ["zoneout", "variational", "hdetach"])
def test_training_compiles_to_what_the_loop_computes(name: str):
    cell, x = built(ALL[name]), inputs()
    assert compiled.can_compile(cell, x)
    twin = copy.deepcopy(cell)
    (grad, run), (want, loop) = (
        gradient_of_first_state(c, x, b) for c, b in ((cell, "compiled"), (twin, "loop"))
    )
    same((run.y, *grad), (loop.y, *want))


@pytest.mark.parametrize("bound", [1e-3, 1e9])
def test_what_a_trace_cannot_see_is_not_compiled(bound: float):
    cell = built(partial(ClipThroughTime, bound=bound), partial(LSTM, forget_bias=0.5)).train()
    assert not compiled.can_compile(cell, inputs())
    compiled._warned.clear()
    with pytest.warns(UserWarning, match="runs on loop") as said:
        compiled.warn_once(cell, str(compiled.compiled_step(cell, inputs())))
    short = "ClipThroughTime runs on loop: its step has a gradient of its own"
    assert str(said[0].message) == f"{short} (torch.autograd.Function)"


def test_wrappers_wrap_wrappers():
    cell = built(partial(HDetach, p=1.0), partial(Zoneout, cell=LSTM, rates={"c": 0.2}))
    grad, run = gradient_of_first_state(cell, inputs())
    assert run.y.shape == (T, B, H) and grad.c.any() and not grad.h.any()
    assert {name for name in cell.state_dict() if not name.startswith("cell.cell.")} == {
        "source._extra_state",
        "cell.source._extra_state",
    }


@pytest.mark.parametrize(
    ("make", "cell", "why"),
    [
        (partial(Zoneout, rates={"m": 0.1}), LSTM, "has h, c, not m"),
        (partial(Zoneout, rates={"h": 1.5}), LSTM, r"rate of h must lie in \[0, 1\], not 1.5"),
        (partial(VariationalDropout, hidden=1.0), LSTM, r"hidden must lie in \[0, 1\), not 1.0"),
        (HDetach, Elman, "no state beside h"),
        (partial(HDetach, p=-1), LSTM, "p must lie in"),
        (partial(ClipThroughTime, bound=0), MinGRU, "bound must be above 0"),
    ],
)
def test_what_cannot_be_wrapped_so_is_refused(make: Any, cell: Any, why: str):
    with pytest.raises(ValueError, match=why):
        built(make, cell)
