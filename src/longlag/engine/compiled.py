"""Any cell at a compiled loop's speed: the step traced, turned into C, and walked without a tape.

Forward keeps the projected input plus the recurrent products; backward recomputes what is
pointwise.
"""

import ctypes
import warnings
from textwrap import shorten
from typing import Any
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float, Integer
from torch import Tensor
from torch.autograd.function import once_differentiable

from longlag.cells.base import Cell
from longlag.engine import loop
from longlag.engine.c_compiler import CannotCompile, library
from longlag.engine.codegen import Pointer, Role, Source
from longlag.engine.ir import Buffer, Kind
from longlag.engine.lower import Lowering
from longlag.engine.matmul import REAL
from longlag.engine.plan_key import plan_key
from longlag.engine.trace import StepGraph, weights_of

Table = dict[Pointer, Tensor | None]
CLOSE = {torch.float32: (1e-3, 1e-4), torch.float64: (1e-9, 1e-11)}  # rtol, atol of the proof
WIDTH = 120  # of what torch says in a warning
MOST = 16  # forms of one cell: each is traced, compiled and kept
_steps: "WeakKeyDictionary[Cell, dict[Any, CompiledStep | str]]" = WeakKeyDictionary()
_warned: set[str] = set()


def compiled_step(cell: Cell, x: Float[Tensor, "T B I"]) -> "CompiledStep | str":
    """Return the compiled step of `cell` for inputs like `x` (T,B,I), or why there is none.

    It is made once for each form that the cell takes: a changed option is another form.
    """
    known = _steps.setdefault(cell, {})
    key = (x.dtype, x.device.type, torch.is_autocast_enabled("cpu"), plan_key(cell))
    if key not in known:
        if len(known) >= MOST:
            return f"an option of it took more than {MOST} values; keep what changes in a buffer"
        try:
            # a step that draws is run, then refused; the proof needs gradients wherever it is made
            with torch.random.fork_rng(devices=[]), torch.inference_mode(False):
                with torch.no_grad():
                    u = cell.project(x[:1, :1].clone())
                known[key] = CompiledStep(cell, u)
        except CannotCompile as error:
            known[key] = str(error)
    return known[key]


def can_compile(cell: Cell, x: Float[Tensor, "T B I"]) -> bool:
    """Tell whether `cell` can be compiled for inputs like `x` (T,B,I)."""
    return isinstance(compiled_step(cell, x), CompiledStep)


def warn_once(cell: Cell, why: str) -> None:
    """Say that `cell` is not compiled and runs on the loop, once for each class and reason."""
    kind = type(cell)
    message = f"{kind.__name__} runs on loop: {why}"
    if not kind.__module__.startswith("longlag."):  # its author can change that
        check = f"`longlag check {kind.__module__}.{kind.__qualname__}`"
        message += f"; {check} tells what a compiled step gains"
    if message not in _warned:
        _warned.add(message)
        warnings.warn(message, stacklevel=3)


def untraced(error: Exception) -> str:
    """Say shortly why a step cannot be traced."""
    first = next(iter(str(error).strip().splitlines()), "")
    if "setup_context" in first:  # torch speaks of functorch
        return "its step has a gradient of its own (torch.autograd.Function)"
    return f"its step cannot be traced ({type(error).__name__}: {shorten(first, WIDTH)})"


def run_compiled(
    step: "CompiledStep",
    cell: Cell,
    u: Float[Tensor, "T B P"],
    s: Any,
    lengths: Integer[Tensor, "B"] | None,
) -> Any:
    """Return every state of `cell` over `u` (T,B,P); an ended sequence's stays as it was."""
    states = step(cell, u, s)
    if lengths is None:
        return states
    steps = torch.arange(len(u), device=lengths.device)[:, None]
    last = torch.minimum(steps, lengths - 1)
    return type(s)(
        *(leaf.gather(0, loop.with_axes_of(last, leaf).expand_as(leaf)) for leaf in states)
    )


class CompiledStep:
    """A compiled step and the layout of its buffers.

    Raises:
        CannotCompile: it cannot be made, or does not compute what the loop does.
        CompilerNotFound: there is no compiler.
    """

    def __init__(self, cell: Cell, u: Float[Tensor, "*S P"]) -> None:
        if u.dtype not in REAL or u.device.type != "cpu":
            raise CannotCompile(f"{u.dtype} on {u.device.type} is not float32 or float64 on a CPU")
        try:
            lowering = Lowering(StepGraph(cell, u.shape[-1]), cell.State._fields)
            self.source = Source(lowering.build_program(), REAL[u.dtype])
        except CannotCompile:
            raise
        except Exception as error:  # a step that looks at values, or holds what fx cannot read
            raise CannotCompile(untraced(error)) from error
        self.program = self.source.program
        built = library(self.source.text)
        self.forward, self.backward = built.forward, built.backward
        self.prove(cell, u)

    def __call__(self, cell: Cell, u: Float[Tensor, "T B P"], s: Any) -> Any:
        """Return the states, as a State of (T,B,...)."""
        own = weights_of(cell)
        fixed = self.program.compute_fixed(*(own[name] for name in self.program.weights))
        flat = (leaf.reshape(len(leaf), -1) for leaf in s)
        found = CompiledScan.apply(self, u, *flat, *fixed)
        pairs = zip(found, s, strict=True)
        return type(s)(*(all_of.view(len(u), *leaf.shape) for all_of, leaf in pairs))

    def prove(self, cell: Cell, like: Float[Tensor, "*S P"]) -> None:
        """Hold three steps against the loop, in value and gradient.

        What a trace cannot see, such as a hook on a gradient, would show here.
        """
        rng = torch.Generator().manual_seed(0)
        with torch.enable_grad():
            u = torch.randn(3, 2, like.shape[-1], dtype=like.dtype, generator=rng).requires_grad_()
            start = cell.init_state(2)
            noise = [torch.rand(s.shape, dtype=s.dtype, generator=rng) / 4 for s in start]
            s = type(start)(
                *((a + b).detach().requires_grad_() for a, b in zip(start, noise, strict=True))
            )
            wanted = [u, *s, *(p for p in cell.parameters() if p.requires_grad)]
            found = []
            for states in (self(cell, u, s), loop.run_loop(cell, u, s, None, None, None, None)):
                total = sum((leaf.cos() * (i + 1)).sum() for i, leaf in enumerate(states))
                grads = torch.autograd.grad(total, wanted, allow_unused=True)  # pyright: ignore
                found.append([*states, *(u.new_zeros(()) if g is None else g for g in grads)])
        rtol, atol = CLOSE[like.dtype]
        for ours, true in zip(*found, strict=True):
            close = torch.isclose(ours, true, rtol=rtol, atol=atol, equal_nan=True)
            if not close.all():
                raise CannotCompile("its compiled step does not compute what its step does")


def call_in_c(function: Any, size: tuple[int, int], pointers: list[Pointer], table: Table) -> None:
    """Call one of the two functions.

    Raises:
        MemoryError: it had none for its copies of the weights.
    """
    given = [table[pointer] for pointer in pointers]
    addresses = (ctypes.c_void_p * len(given))(*(0 if p is None else p.data_ptr() for p in given))
    if function(*map(ctypes.c_long, size), addresses):
        raise MemoryError("backend 'compiled': no memory for a copy of the weights")


class CompiledScan(torch.autograd.Function):
    """All steps of a compiled step at once, for autograd."""

    @staticmethod
    def forward(ctx: Any, step: CompiledStep, u: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        """Compute s_1 .. s_T (T,B,H) of u (T,B,P), s_0 (B,H) and the fixed values."""
        source, (T, B, _) = step.source, u.shape
        given = dict(zip(step.program.given, (u, *rest), strict=True))
        table: Table = {}
        for pointer in source.forward_pointers:
            buffer = pointer.buffer
            if buffer.kind in (Kind.INPUT, Kind.FIXED):
                table[pointer] = given[buffer].contiguous()
            else:
                table[pointer] = u.new_empty(T + (buffer.kind is Kind.STATE), B, buffer.width)
            if buffer.kind is Kind.STATE:
                table[pointer][0] = given[buffer]  # pyright: ignore[reportOptionalSubscript]
        call_in_c(step.forward, (T, B), source.forward_pointers, table)
        states = [table[p][1:] for p in source.forward_pointers if p.buffer.kind is Kind.STATE]  # pyright: ignore
        ctx.step, ctx.size, ctx.shapes = step, (T, B), [r.shape for r in rest]
        dropped = None if source.rereads_u else Kind.INPUT  # u, where its sum with products serves
        keep = [None if p.buffer.kind is dropped else table[p] for p in source.forward_pointers]
        ctx.save_for_backward(*keep)
        ctx.set_materialize_grads(False)
        return tuple(states)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *direct: Tensor | None) -> tuple[Tensor | None, ...]:
        """Compute dL/du, dL/ds_0 and those of the fixed values from dL/ds_1 .. dL/ds_T."""
        step: CompiledStep = ctx.step
        program, source, (T, B) = step.program, step.source, ctx.size
        table: Table = dict(zip(source.forward_pointers, ctx.saved_tensors, strict=True))
        new = next(t for t in ctx.saved_tensors if t is not None).new_empty
        losses = dict(zip((root.buffer for root in program.states), direct, strict=True))
        found: dict[Buffer, Tensor] = {}
        for pointer in source.backward_pointers[len(source.forward_pointers) :]:
            buffer, role = pointer.buffer, pointer.role
            if role is Role.DIRECT:
                loss = losses[buffer]
                table[pointer] = None if loss is None else loss.contiguous()
                continue
            rows = (T, B) if buffer.gradient_over_time else (B,)
            made = new(*rows, buffer.width)
            if pointer.product is not None:
                made = new(pointer.product.k, pointer.product.n)
            zero = role in (Role.AFTER, Role.WEIGHT_GRADIENT) or buffer in source.zeroed
            table[pointer] = made.zero_() if zero else made
        call_in_c(step.backward, (T, B), source.backward_pointers, table)
        for pointer in source.backward_pointers[len(source.forward_pointers) :]:
            own, made = gradient_form(pointer, T), table[pointer]
            if own and made is not None:
                before = found.get(pointer.buffer)
                made = made.sum(0) if own == "rows" else made
                if pointer.product is not None and pointer.product.turned:
                    made = made.t()
                made = made.reshape(-1) if pointer.buffer.kind is Kind.FIXED else made
                found[pointer.buffer] = made if before is None else before + made
        grads = [found.get(buffer) for buffer in program.given[1:]]
        shaped = (
            None if g is None else g.reshape(shape)
            for g, shape in zip(grads, ctx.shapes, strict=True)
        )
        return None, found[program.u], *shaped


def gradient_form(pointer: Pointer, T: int) -> str:
    """Return how a pointer's numbers are a gradient that is wanted: as rows, whole, or not."""
    if pointer.role is Role.WEIGHT_GRADIENT:
        return "whole"
    if pointer.role is (Role.BEFORE if T % 2 else Role.AFTER):  # they change places at each step
        return "whole"
    if pointer.role is Role.GRADIENT and pointer.buffer.kind is Kind.FIXED:
        return "rows"
    return "whole" if pointer.buffer.kind is Kind.INPUT and pointer.role is Role.GRADIENT else ""
