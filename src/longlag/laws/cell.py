"""The laws of a cell: it is what its equations say, on every backend, forwards and backwards."""

import copy
import pickle
import warnings
from typing import Any

import torch

from longlag.cells.base import check_step, gates_by_letter
from longlag.engine import unroll
from longlag.laws.fixtures import (
    LENGTHS,
    B,
    H,
    I,
    Make,
    T,
    asked_for,
    backends_that_run,
    build_cell,
    outputs_and_gradients,
    some_inputs,
    some_state,
    state_of_sequence,
    tensors_differ,
    zero_taps_like,
)
from longlag.laws.result import Laws, Verdict

LAWS: Laws[Make] = Laws()


def check_cell(make: Make) -> list[Verdict]:
    """Hold the cells of `make` against every law; global random numbers stay as they are."""
    return [verdict_on_cell(make, name) for name in LAWS]


def verdict_on_cell(make: Make, name: str) -> Verdict:
    """Hold the cells of `make` against one law."""
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*runs on loop.*")  # a backend's way to say it cannot
        return LAWS.verdict_on(make, name)


@LAWS.law
def shapes_are_those_of_the_contract(make: Make) -> str:
    """Look at shapes: projection (T,B,.), states, y (T,B,D), all steps at once too."""
    cell, x = build_cell(make), some_inputs()
    check_step(cell)
    if (cell.input_size, cell.hidden_size) != (I, H):
        return f"built with {(I, H)}, it says {(cell.input_size, cell.hidden_size)}"
    run, u = unroll(cell, x, backend="loop"), cell.project(x)
    if u.shape[:2] != (T, B) or run.y.shape != (T, B, cell.output_size):
        return f"project gives {tuple(u.shape)}, y is {tuple(run.y.shape)}"
    for start, end, all_of in zip(cell.init_state(B), run.final, run.states, strict=True):
        if start.shape[0] != B or end.shape != start.shape or all_of.shape != (T, *start.shape):
            return f"init_state gives {tuple(start.shape)}, step {tuple(end.shape)}"
    before = cell.State(*(leaf[:-1] for leaf in run.states))  # all steps at once, as probes do
    for letter, gate in gates_by_letter(cell.gates(u[1:], before)).items():
        if gate.shape[:2] != (T - 1, B):
            return f"gate {letter} is {tuple(gate.shape)} for {T - 1} steps at once"
    for leaf, factor in cell.keep(u[1:], before).items():
        if leaf not in cell.State._fields:
            return f"keep names {leaf}, but the state has {', '.join(cell.State._fields)}"
        if factor.shape != getattr(before, leaf).shape:
            return f"keep of {leaf} is {tuple(factor.shape)} for {T - 1} steps at once"
    for got, want in zip(cell.step(u[1:], before), run.states, strict=True):
        if tensors_differ(got, want[1:]):
            return "step gives other numbers for (T,B,.) than step by step"
    return ""


@LAWS.law
def step_has_the_gradient_that_finite_differences_give(make: Make) -> str:
    """Differentiate in the input and in every part of the state."""
    cell, x = build_cell(make), some_inputs()
    s = [leaf.requires_grad_() for leaf in some_state(cell)]
    u = cell.project(x)[0].detach().requires_grad_()
    torch.autograd.gradcheck(lambda u, *s: tuple(cell.step(u, cell.State(*s))), (u, *s))
    return ""


@LAWS.law
def nothing_depends_on_a_later_input(make: Make) -> str:
    """Change x from step 4 on: nothing before it changes, and something after it does."""
    cell, x = build_cell(make), some_inputs()
    later = torch.cat([x[:4], x[4:] + 1])
    for backend in backends_that_run(cell, x):
        one, other = (unroll(cell, z, backend=backend).y for z in (x, later))
        if not one[:4].equal(other[:4]):
            return f"{backend}: y changed before the input did"
        if not tensors_differ(one[4:], other[4:]):
            return f"{backend}: y does not depend on the input"
    return ""


@LAWS.law
def sequences_of_a_batch_do_not_know_each_other(make: Make) -> str:
    """Run each sequence alone: it gives what it gives in a batch."""
    cell, x, s = build_cell(make), some_inputs(), some_state(build_cell(make))
    for backend in backends_that_run(cell, x):
        whole = unroll(cell, x, s, backend=backend)
        for b in range(B):
            alone = unroll(cell, x[:, b : b + 1], state_of_sequence(s, b), backend=backend)
            if tensors_differ(whole.y[:, b : b + 1], alone.y):
                return f"{backend}: sequence {b} changes with its neighbours"
    return ""


@LAWS.law
def two_halves_with_the_carry_are_one_whole(make: Make) -> str:
    """Run both ways; the carry that was passed in stays as it was."""
    cell, x, s = build_cell(make), some_inputs(), some_state(build_cell(make))
    for backend in backends_that_run(cell, x):
        kept = [leaf.clone() for leaf in s]
        whole, first = (unroll(cell, z, s, backend=backend) for z in (x, x[:3]))
        middle = [leaf.clone() for leaf in first.final]
        second = unroll(cell, x[3:], first.final, backend=backend)
        if not all(map(torch.equal, (*s, *first.final), (*kept, *middle))):
            return f"{backend}: the carry that was passed in is overwritten"
        parts = (torch.cat([first.y, second.y]), *second.final)
        if any(map(tensors_differ, parts, (whole.y, *whole.final))):
            return f"{backend}: two halves are not the whole"
    return ""


@LAWS.law
def padding_is_invisible(make: Make) -> str:
    """Change what stands behind the end: nothing changes; final states are those of the ends."""
    cell, x, s = build_cell(make), some_inputs(), some_state(build_cell(make))
    for backend in backends_that_run(cell, x, lengths=LENGTHS):
        run = unroll(cell, x, s, lengths=LENGTHS, backend=backend)
        for b, end in enumerate(LENGTHS.tolist()):
            alone = unroll(cell, x[:end, b : b + 1], state_of_sequence(s, b), backend=backend)
            if tensors_differ(run.y[:end, b : b + 1], alone.y) or run.y[end:, b].any():
                return f"{backend}: y of a padded sequence is not that of the sequence alone"
            if any(map(tensors_differ, state_of_sequence(run.final, b), alone.final)):
                return f"{backend}: the final state is not the one at the sequence's end"
        behind = x + 9 * (torch.arange(T)[:, None] >= LENGTHS)[..., None]
        again = unroll(cell, behind, s, lengths=LENGTHS, backend=backend)
        if any(map(tensors_differ, (again.y, *again.final), (run.y, *run.final))):
            return f"{backend}: what stands behind the end is seen"
    return ""


@LAWS.law
def a_reset_is_a_fresh_start(make: Make) -> str:
    """Reset one sequence, and no other."""
    cell, x, s = build_cell(make), some_inputs(), some_state(build_cell(make))
    resets = torch.zeros(T, B, dtype=torch.bool)
    resets[5, 1] = True
    for backend in backends_that_run(cell, x, resets=resets):
        run = unroll(cell, x, s, resets=resets, backend=backend)
        fresh, plain = (unroll(cell, z, i, backend="loop").y for z, i in ((x[5:], None), (x, s)))
        if tensors_differ(run.y[5:, 1], fresh[:, 1]) or tensors_differ(run.y[:5], plain[:5]):
            return f"{backend}: the sequence that was reset does not start afresh"
        if tensors_differ(run.y[:, [0, 2]], plain[:, [0, 2]]):
            return f"{backend}: a sequence that was not reset is changed"
    return ""


@LAWS.law
def every_backend_agrees_with_the_loop_in_value_and_gradient(make: Make) -> str:
    """Compare inputs, first state, parameters and taps; with lengths and without."""
    cell, x, s = build_cell(make), some_inputs(), some_state(build_cell(make))
    for lengths in (None, LENGTHS):
        for tapped in (False, True):
            how = {"lengths": lengths, "taps": zero_taps_like(s) if tapped else None}
            want = outputs_and_gradients(cell, x, s, "loop", **how)
            for backend in backends_that_run(cell, x, **how):
                got = outputs_and_gradients(cell, x, s, backend, **how)
                for name, value in want.items():
                    if tensors_differ(got[name], value):
                        return (
                            f"{backend}: {name} is not that of loop ({', '.join(asked_for(how))})"
                        )
    return ""


@LAWS.law
def taps_are_the_adjoint(make: Make) -> str:
    """Check g_(t-1) = J_t^T g_t + the direct term, J_t = d step / d s."""
    cell, x = build_cell(make), some_inputs()
    s, u = some_state(cell), cell.project(x).detach()
    tap = zero_taps_like(s)
    run = unroll(cell, x, s, taps=tap, backend="loop")
    g = torch.autograd.grad(run.y.sin().sum(), tap, materialize_grads=True)
    free = cell.State(*(leaf.detach().requires_grad_() for leaf in run.states))
    direct = torch.autograd.grad(cell.readout(free, u).sin().sum(), free, materialize_grads=True)
    for t in range(T - 1, 0, -1):
        before = cell.State(*(leaf[t - 1].detach().requires_grad_() for leaf in free))
        after = zip(cell.step(u[t], before), (leaf[t] for leaf in g), strict=True)
        ends, out = zip(*(pair for pair in after if pair[0].requires_grad), strict=True)
        back = torch.autograd.grad(ends, before, out, materialize_grads=True)
        for k in range(len(g)):
            if tensors_differ(g[k][t - 1], back[k] + direct[k][t - 1]):
                return f"{cell.State._fields[k]}: the recursion does not hold at step {t}"
    return ""


@LAWS.law
def every_parameter_is_initialised(make: Make) -> str:
    """Build the cell where fresh memory is NaN; every parameter and buffer is finite."""
    poison: Any = torch.utils.deterministic
    was = torch.are_deterministic_algorithms_enabled(), poison.fill_uninitialized_memory
    quiet = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    poison.fill_uninitialized_memory = True
    try:
        cell = make(I, H)
    finally:
        torch.use_deterministic_algorithms(was[0], warn_only=quiet)
        poison.fill_uninitialized_memory = was[1]
    lost = [name for name, p in cell.state_dict().items() if not p.isfinite().all()]
    return f"{', '.join(lost)}: uninitialised memory" if lost else ""


@LAWS.law
def same_seed_same_weights(make: Make) -> str:
    """Build it twice with one seed, and once with another: other weights."""
    one, again, other = (build_cell(make, seed=seed).state_dict() for seed in (0, 0, 1))
    if not all(map(torch.equal, one.values(), again.values())):
        return "seed 0 gives two sets of weights"
    return "seeds 0 and 1 agree" if all(map(torch.equal, one.values(), other.values())) else ""


@LAWS.law
def every_parameter_is_reached_by_a_gradient(make: Make) -> str:
    """Differentiate y over a few steps."""
    cell, x = build_cell(make), some_inputs()
    unroll(cell, x, some_state(cell), backend="loop").y.sin().sum().backward()
    lost = [n for n, p in cell.named_parameters() if p.grad is None or not p.grad.any()]
    return f"{', '.join(lost)}: no gradient" if lost else ""


@LAWS.law
def float32_and_float64_stay_themselves(make: Make) -> str:
    """Compare both: outputs and states have the width of the weights, and the same values."""
    found = []
    for dtype in (torch.float32, torch.float64):
        run = unroll(build_cell(make, dtype), some_inputs().to(dtype), backend="loop")
        if run.y.dtype != dtype or any(leaf.real.dtype != dtype for leaf in run.final):
            return f"{dtype} weights and inputs give y of {run.y.dtype}"
        found.append(run.y.double())
    return "the two disagree" if tensors_differ(*found, rtol=1e-3, atol=1e-4) else ""


@LAWS.law
def cells_and_states_can_be_pickled_and_copied(make: Make) -> str:
    """Copy both ways; the copy computes the same, with weights of its own."""
    cell, x = build_cell(make), some_inputs()
    y = unroll(cell, x, backend="loop").y
    pickle.loads(pickle.dumps(cell.init_state(B)))
    for how, twin in (
        ("pickle", pickle.loads(pickle.dumps(cell))),
        ("deepcopy", copy.deepcopy(cell)),
    ):
        if not unroll(twin, x, backend="loop").y.equal(y):
            return f"{how}: the copy computes something else"
        if any(p is q for p, q in zip(cell.parameters(), twin.parameters(), strict=True)):
            return f"{how}: the copy shares its weights"
    return ""
