"""The small cell, inputs and states that every law of a cell is held against."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Generator, Tensor

from longlag.cells.base import Cell, LinearCell
from longlag.engine import BACKENDS, Trajectory, unroll
from longlag.engine.compiled import can_compile

Make = Callable[[int, int], Cell]  # (input_size, hidden_size) -> Cell
T, B, I, H = 9, 3, 2, 4
LENGTHS = torch.tensor([4, T, 1])


def build_cell(make: Make, dtype: torch.dtype = torch.float64, seed: int = 0) -> Cell:
    """Build a cell of known weights, none of them zero, in eval mode: without what is random."""
    torch.manual_seed(seed)
    return make(I, H).to(dtype).eval()


def some_inputs() -> Tensor:
    """Draw inputs (T,B,I)."""
    return torch.randn(T, B, I, dtype=torch.float64, generator=Generator().manual_seed(1))


def some_state(cell: Cell) -> Any:
    """Draw a state that is not the first one."""
    rng = Generator().manual_seed(2)
    return cell.State(
        *(
            s.detach() + torch.rand(s.shape, dtype=s.dtype, generator=rng)
            for s in cell.init_state(B)
        )
    )


def state_of_sequence(s: Any, b: int) -> Any:
    """Return the state of sequence `b`, as a batch of one."""
    return type(s)(*(leaf[b : b + 1] for leaf in s))


def zero_taps_like(s: Any) -> Any:
    """Return zeros to be added to every state, asking for a gradient."""
    return type(s)(*(leaf.new_zeros(T, *leaf.shape).requires_grad_() for leaf in s))


def backends_that_run(cell: Cell, x: Tensor, **how: Any) -> Iterator[str]:
    """Yield the backends that have to run `cell`: one that refuses breaks the law that asks."""
    step_by_step = any(how.get(name) is not None for name in ("taps", "resets"))
    able = {
        "auto": True,
        "loop": True,
        "scan": isinstance(cell, LinearCell),
        "fused": cell.kernel() is not None and not step_by_step,
        "compiled": not step_by_step and can_compile(cell, x),
    }
    yield from (backend for backend in BACKENDS if able[backend])


def outputs_and_gradients(
    cell: Cell, x: Tensor, s: Any, backend: str, **how: Any
) -> dict[str, Tensor]:
    """Return outputs, final state and all gradients of a run, by name."""
    x = x.clone().requires_grad_()
    s = type(s)(*(leaf.clone().requires_grad_() for leaf in s))
    run: Trajectory = unroll(cell, x, s, backend=backend, **how)
    loss = run.y.sin().sum() + sum((leaf * leaf.conj()).real.sum() for leaf in run.final)
    leaves = {"x": x, **{f"{k}_0": v for k, v in zip(s._fields, s, strict=True)}}
    leaves |= {n: p for n, p in cell.named_parameters() if p.requires_grad}
    if how.get("taps") is not None:
        leaves |= {f"tap {k}": v for k, v in zip(s._fields, how["taps"], strict=True)}
    grads = torch.autograd.grad(loss, list(leaves.values()), materialize_grads=True)
    found = {"y": run.y, **{f"final {k}": v for k, v in zip(s._fields, run.final, strict=True)}}
    return found | {f"d/d {k}": g for k, g in zip(leaves, grads, strict=True)}


def asked_for(how: dict[str, Any]) -> list[str]:
    """Say what a run was asked for."""
    return [name for name, value in how.items() if value is not None] or ["plain"]


def tensors_differ(one: Tensor, other: Tensor, rtol: float = 1e-9, atol: float = 1e-11) -> bool:
    """Tell whether two tensors are not the same numbers."""
    return one.shape != other.shape or not torch.allclose(one, other, rtol, atol)
