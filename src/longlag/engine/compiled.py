"""Any cell at a compiled loop's speed: the step traced, turned into C, and walked without a tape.

Forward keeps the projected input plus the recurrent products; backward recomputes what is
pointwise.
"""

import ctypes
import warnings
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from longlag.cells.base import Cell
from longlag.engine import loop
from longlag.engine.c_compiler import library
from longlag.engine.codegen import Source
from longlag.engine.errors import CannotCompile
from longlag.engine.matmul import REAL
from longlag.engine.plan_key import plan_key
from longlag.engine.trace import tensors, trace

CLOSE = {torch.float32: (1e-3, 1e-4), torch.float64: (1e-9, 1e-11)}  # rtol, atol of the proof
MOST = 16  # forms of one cell: each is traced, compiled and kept
_steps: "WeakKeyDictionary[Cell, dict[Any, CompiledStep | str]]" = WeakKeyDictionary()
_warned: set[str] = set()


def compiled_step(cell: Cell, x: Tensor) -> "CompiledStep | str":
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


def can_compile(cell: Cell, x: Tensor) -> bool:
    """Whether `cell` can be compiled for inputs like `x` (T,B,I)."""
    return isinstance(compiled_step(cell, x), CompiledStep)


def warn_once(cell: Cell, why: str) -> None:
    """Say that `cell` was to be compiled and runs on the loop, once for each reason."""
    message = f"backend 'compiled': {type(cell).__name__} runs on loop: {why}"
    if message not in _warned:
        _warned.add(message)
        warnings.warn(message, stacklevel=3)


def run(step: "CompiledStep", cell: Cell, u: Tensor, s: Any, lengths: Tensor | None) -> Any:
    """Return every state of `cell` over `u` (T,B,P); an ended sequence's stays as it was."""
    states = step(cell, u, s)
    if lengths is None:
        return states
    steps = torch.arange(len(u), device=lengths.device)[:, None]
    last = torch.minimum(steps, lengths - 1)[..., None]
    return type(s)(*(leaf.gather(0, last.expand_as(leaf)) for leaf in states))


class CompiledStep:
    """A compiled step and the layout of its buffers.

    Raises:
        CannotCompile: it cannot be made, or does not compute what the loop does.
        CompilerNotFound: there is no compiler.
    """

    def __init__(self, cell: Cell, u: Tensor) -> None:
        if u.dtype not in REAL or u.device.type != "cpu":
            raise CannotCompile(f"{u.dtype} on {u.device.type} is not float32 or float64 on a CPU")
        try:
            program = trace(cell, u.shape[-1])
        except CannotCompile:
            raise
        except Exception as error:  # a step that looks at values, or holds what fx cannot read
            raise CannotCompile(f"its step cannot be traced ({type(error).__name__})") from error
        self.source = Source(program, REAL[u.dtype])
        self.program = self.source.program
        built = library(self.source.text)
        self.forward, self.backward = built.forward, built.backward
        self.zeroed = {
            name
            for buffer, width in self.program.widths.items()
            if not self.source.covered(name := f"g_{buffer}", width)
        }
        self.prove(cell, u)

    def __call__(self, cell: Cell, u: Tensor, s: Any) -> Any:
        """The states, as a State of (T,B,H)."""
        own = tensors(cell)
        fixed = self.program.fixed(*(own[name] for name in self.program.names))
        return type(s)(*CompiledScan.apply(self, u, *s, *fixed))

    def prove(self, cell: Cell, like: Tensor) -> None:
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
            for states in (self(cell, u, s), loop.run(cell, u, s, None, None, None, None)):
                total = sum((leaf.cos() * (i + 1)).sum() for i, leaf in enumerate(states))
                grads = torch.autograd.grad(total, wanted, allow_unused=True)  # pyright: ignore
                found.append([*states, *(u.new_zeros(()) if g is None else g for g in grads)])
        rtol, atol = CLOSE[like.dtype]
        for ours, true in zip(*found, strict=True):
            close = torch.isclose(ours, true, rtol=rtol, atol=atol, equal_nan=True)
            if not close.all():
                raise CannotCompile("its compiled step does not compute what its step does")

    def pointers(self, names: list[str], table: dict[str, Tensor | None]) -> Any:
        """The addresses of `names`, in order."""
        given = [table[name] for name in names]
        return (ctypes.c_void_p * len(given))(*(0 if p is None else p.data_ptr() for p in given))


class CompiledScan(torch.autograd.Function):
    """All steps at once, for autograd."""

    @staticmethod
    def forward(ctx: Any, plan: CompiledStep, u: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        """U (T,B,P), s_0, fixed values -> s_1 .. s_T."""
        program, (T, B, _) = plan.program, u.shape
        n = len(program.states)
        table: dict[str, Tensor | None] = {"u": u.contiguous()}
        for name, width in program.widths.items():
            if name[0] == "c":
                table[name] = rest[n + int(name[1:])].contiguous()
            elif name != "u":
                table[name] = u.new_empty(T + (name[0] == "s"), B, width)
        for i, start in enumerate(rest[:n]):
            table[f"s{i}"][0] = start  # pyright: ignore[reportOptionalSubscript]
        for p in program.products:
            table[f"w{p.index}"] = rest[n + p.weight].contiguous()
        names = plan.source.forward_names
        plan.forward(ctypes.c_long(T), ctypes.c_long(B), plan.pointers(names, table))
        ctx.plan, ctx.size, ctx.shapes = plan, (T, B), [r.shape for r in rest[n:]]
        if not plan.source.rereads_u:
            table["u"] = None
        ctx.save_for_backward(*(table[name] for name in names))
        ctx.set_materialize_grads(False)
        return tuple(table[f"s{i}"][1:] for i in range(n))  # pyright: ignore

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *direct: Tensor | None) -> tuple[Tensor | None, ...]:
        """dL/ds_1 .. dL/ds_T -> dL/du, dL/ds_0 and those of the fixed values."""
        plan: CompiledStep = ctx.plan
        program, source = plan.program, plan.source
        saved = ctx.saved_tensors
        table: dict[str, Any] = dict(zip(source.forward_names, saved, strict=True))
        T, B = ctx.size
        new = table["s0"].new_empty
        for i, grad in enumerate(direct):
            width = program.widths[f"s{i}"]
            table[f"direct{i}"] = None if grad is None else grad.contiguous()
            table[f"G{i}"], table[f"N{i}"] = new(B, width).zero_(), new(B, width)
        for p in program.products:
            table[f"d{p.index}"] = new(p.k, p.n).zero_()
        for name, width in program.widths.items():
            if name[0] in "um":
                made = new(T, B, width)
                table[f"g_{name}"] = made.zero_() if f"g_{name}" in plan.zeroed else made
            elif name[0] in "xc":
                width = width if width > 1 else max(program.widths.values())
                table[f"g_{name}"] = new(B, width).zero_()
        given = plan.pointers(source.backward_names, table)
        plan.backward(ctypes.c_long(T), ctypes.c_long(B), given)
        fixed: list[Any] = [None] * len(ctx.shapes)
        for p in program.products:
            grad = table[f"d{p.index}"]
            fixed[p.weight] = grad if fixed[p.weight] is None else fixed[p.weight] + grad
        for name in program.widths:
            if name[0] == "c":
                i, width = int(name[1:]), program.widths[name]
                total = table[f"g_{name}"].sum(0) if width > 1 else table[f"g_{name}"].sum()
                total = total.reshape(ctx.shapes[i])
                fixed[i] = total if fixed[i] is None else fixed[i] + total
        start = [table[f"{'GN'[T % 2]}{i}"] for i in range(len(direct))]
        return None, table["g_u"], *start, *fixed
