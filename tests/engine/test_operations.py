"""Each operation that a compiled step may hold, by itself: torch's value and torch's gradient."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from longlag.cells import Cell, Hidden
from longlag.engine import compiled, unroll
from longlag.engine.pointwise import OPERATIONS, TORCH

T, B, H = 2, 6, 8


class Step(Cell):
    """h_t = f(x_t, y_t, h_(t-1), W), with x_t and y_t the halves of the input."""

    def __init__(self, f: Callable[..., Tensor]) -> None:
        super().__init__(2 * H, H)
        self.f = f
        self.w = nn.Parameter(torch.randn(H, H, generator=torch.Generator().manual_seed(0)) / 3)

    def step(self, u, s):
        x, y = u.chunk(2, -1)
        return Hidden(self.f(x, y, s.h, self.w))


def inputs(positive: bool) -> Tensor:
    """Ordinary numbers, and where functions have corners: 0, ties, and bounds of clamps."""
    x = torch.randn(T, B, 2 * H, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x = x * 2
    x[0, 0, :8] = torch.tensor([0.0, 1.0, -1.0, 3.0, -3.0, 25.0, -25.0, 0.5])
    x[0, 0, 8:] = torch.tensor([0.0, 1.0, 1.0, 3.0, -3.0, 2.0, -2.0, 0.5])
    return x.abs() + 0.125 if positive else x


def found(f: Callable[..., Tensor], x: Tensor, backend: str) -> tuple[str, list[Tensor]]:
    cell, x = Step(f).double(), x.clone().requires_grad_()
    start = torch.full((B, H), 0.3, dtype=torch.float64, requires_grad=True)
    run = unroll(cell, x, Hidden(start), backend=backend)
    weight = torch.linspace(-1, 2, H, dtype=torch.float64)  # softmax sums to 1: weigh its parts
    loss = (run.states.h * weight).sum()
    grads = torch.autograd.grad(loss, [x, start, cell.w], materialize_grads=True)
    return run.backend, [run.states.h, *grads]


def law(f: Callable[..., Tensor], positive: bool = False) -> None:
    """Hold the compiled form of `f` against torch's, in value and gradient."""
    x = inputs(positive)
    (_, want), (backend, got) = (found(f, x, b) for b in ("loop", "compiled"))
    assert backend == "compiled"
    for ours, true in zip(got, want, strict=True):
        torch.testing.assert_close(ours, true, rtol=1e-10, atol=1e-12, equal_nan=True)


Unary = Callable[[Tensor], Tensor]
Binary = Callable[[Tensor, Tensor], Tensor]


def to_the(power: float) -> Unary:
    return lambda x: x**power


def chosen(comparison: str) -> Binary:
    return lambda x, y: torch.where(getattr(torch, comparison)(x, y), x, 2 * y)


OF_TORCH = ["neg", "sigmoid", "tanh", "relu", "exp", "expm1", "sin", "cos", "tan", "atan", "sinh"]
OF_TORCH += [
    "cosh",
    "erf",
    "abs",
    "sign",
    "floor",
    "ceil",
    "trunc",
    "round",
    "reciprocal",
    "square",
]
OF_NN = ["silu", "elu", "celu", "selu", "leaky_relu", "hardtanh", "hardsigmoid", "hardswish"]
OF_NN += ["mish", "softplus", "relu6", "logsigmoid", "gelu"]
UNARY: dict[str, Unary] = {
    **{name: getattr(torch, name) for name in OF_TORCH},
    **{name: getattr(F, name) for name in OF_NN},
    "gelu with tanh": lambda x: F.gelu(x, approximate="tanh"),
    "elu with alpha": lambda x: F.elu(x, 0.7),
    "leaky_relu with a slope": lambda x: F.leaky_relu(x, 0.2),
    "softplus with beta": lambda x: F.softplus(x, beta=2),
    "clamp": lambda x: x.clamp(-1, 1),
    "clamp min": lambda x: x.clamp(min=-1),
    "clamp max": lambda x: torch.clamp(x, max=1),
    "clamp_min": lambda x: x.clamp_min(0.5),
    "clamp_max": lambda x: x.clamp_max(0.5),
    "detach": lambda x: x * 2 + x.detach() * x,
    "masked_fill": lambda x: x.masked_fill(x > 1, 0.5),
    "logical": lambda x: torch.where((x > -1) & ~(x > 1) | (x == 3), x * x, -x),
    "logical_and": lambda x: torch.logical_and(x > -1, x < 1).to(x.dtype) * x,
    "bool to float": lambda x: (x > 0).double() * x,
    "rsub": lambda x: 1 - x,
    "over a number": lambda x: 2 / (x.abs() + 1),
    **{f"pow {p}": to_the(p) for p in (0, 1, 2, 3, 4, -1)},
}
POSITIVE: dict[str, Unary] = {
    **{n: getattr(torch, n) for n in ["log", "log1p", "sqrt", "rsqrt"]},
    **{f"pow {p}": to_the(p) for p in (0.5, -0.5, 1.7, -2.3)},
    "a number to a power": lambda x: 2.0**x,
}
BINARY: dict[str, Binary] = {
    **{n: getattr(torch, n) for n in ["add", "sub", "mul", "maximum", "minimum"]},
    "add with alpha": lambda x, y: torch.add(x, y, alpha=3),
    "sub with alpha": lambda x, y: torch.sub(x, y, alpha=3),
    "rsub with alpha": lambda x, y: torch.rsub(x, y, alpha=3),
    "div": lambda x, y: x / (y * y + 1),
    "pow": lambda x, y: (x.abs() + 1) ** y,
    "where": lambda x, y: torch.where(x > y, x * y, y),
    **{name: chosen(name) for name in ("gt", "ge", "lt", "le", "eq", "ne")},
    "clamp to tensors": lambda x, y: torch.clamp(x, -y.abs() - 0.1, y.abs() + 0.2),
    "lerp": lambda x, y: torch.lerp(x, y, 0.3),
    "lerp by a tensor": lambda x, y: torch.lerp(x, y, torch.sigmoid(x)),
    "addcmul": lambda x, y: torch.addcmul(x, x, y, value=0.5),
    "addcdiv": lambda x, y: torch.addcdiv(x, x, y * y + 1, value=0.5),
}


@pytest.mark.parametrize("name", UNARY)
def test_a_function_of_a_number(name):
    law(lambda x, y, h, w: UNARY[name](x + torch.tanh(h)) + y)


@pytest.mark.parametrize("name", POSITIVE)
def test_a_function_of_a_positive_number(name):
    law(lambda x, y, h, w: POSITIVE[name](x) + 0.1 * h, positive=True)


@pytest.mark.parametrize("name", BINARY)
def test_a_function_of_two_numbers(name):
    law(lambda x, y, h, w: BINARY[name](x, y) + 0.1 * h)


UNITS: dict[str, Callable[..., Tensor]] = {
    "softmax": lambda x, y, h, w: torch.softmax(x + h, -1),
    "log_softmax": lambda x, y, h, w: torch.log_softmax(x + h, -1),
    "logsumexp": lambda x, y, h, w: x * torch.logsumexp(y + h, -1, keepdim=True),
    "mean": lambda x, y, h, w: x - (x * h).mean(-1, keepdim=True),
    "mean without its axis": lambda x, y, h, w: x * h.mean(-1)[..., None],
    "sum": lambda x, y, h, w: torch.tanh(x) * (y + h).sum(-1, keepdim=True),
    "sum of a product": lambda x, y, h, w: x * (x * h).sum(-1, keepdim=True) + h,
    "amax": lambda x, y, h, w: x - (x + h).amax(-1, keepdim=True),
    "amin": lambda x, y, h, w: x - torch.relu(x + h).amin(-1, keepdim=True),
    "var": lambda x, y, h, w: x * (y + h).var(-1, keepdim=True),
    "std": lambda x, y, h, w: x / (y + h).std(-1, keepdim=True, unbiased=False),
    "layer_norm": lambda x, y, h, w: F.layer_norm(x + h, (H,), w[0], w[1]),
    "layer_norm without gain": lambda x, y, h, w: F.layer_norm(x + h, (H,)),
    "rms_norm": lambda x, y, h, w: F.rms_norm(x + h, (H,), w[0]),
    "normalize": lambda x, y, h, w: F.normalize(x + h, dim=-1),
    "norm": lambda x, y, h, w: x / (x + h).norm(dim=-1, keepdim=True),
    "glu": lambda x, y, h, w: F.glu(torch.cat([x, y], -1)) + h,
    "the norm of zeros": lambda x, y, h, w: x * (0 * h).norm(dim=-1, keepdim=True) + h,
}


@pytest.mark.parametrize("name", UNITS)
def test_what_joins_units(name):
    law(UNITS[name])


PRODUCTS: dict[str, Callable[..., Tensor]] = {
    "matmul": lambda x, y, h, w: x + h @ w,
    "linear": lambda x, y, h, w: x + F.linear(h, w, w[0]),
    "mul and sum": lambda x, y, h, w: x + (h.unsqueeze(-1) * w).sum(-2),
    "einsum": lambda x, y, h, w: x + torch.einsum("bi,ij->bj", h, w),
    "einsum turned": lambda x, y, h, w: x + torch.einsum("ij,bj->bi", w, h),
    "einsum of a diagonal": lambda x, y, h, w: x + torch.einsum("bi,i->bi", h, w[0]),
    "of a part": lambda x, y, h, w: x + torch.cat([h[:, :4] @ w[:4, :4], h[:, 4:]], -1),
    "of the inputs": lambda x, y, h, w: x @ w + h,
    "of a product": lambda x, y, h, w: x + (torch.tanh(h @ w) * y) @ w,
    "of itself": lambda x, y, h, w: x + (h @ w) @ w.T,
    "outer": lambda x, y, h, w: (x.unsqueeze(-1) * h.unsqueeze(-2)).sum(-1) + y,
    "bmm": lambda x, y, h, w: (
        y + torch.bmm(x.view(-1, 2, 4), h.view(-1, 2, 4).mT).sum((1, 2))[:, None]
    ),
    "heads": lambda x, y, h, w: x + (h.view(-1, 2, 4) @ w[:4, :4]).flatten(1),
    "blocks": lambda x, y, h, w: (
        x + torch.einsum("bnk,nkm->bnm", h.view(-1, 2, 4), w[:, :4].view(2, 4, 4)).flatten(1)
    ),
    "attention": lambda x, y, h, w: (
        x
        + (torch.softmax(x.view(-1, 2, 4) @ h.view(-1, 2, 4).mT, -1) @ y.view(-1, 2, 4)).flatten(1)
    ),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_matrix_product(name):
    law(PRODUCTS[name])


def in_place(x: Tensor, y: Tensor, h: Tensor, w: Tensor) -> Tensor:
    z = x + h
    z.mul_(2).add_(y, alpha=0.5).sub_(1).div_(3)
    z.sigmoid_()
    z = z.neg().clamp_(min=-0.7)
    z += h @ w
    return z.tanh_()


VIEWS: dict[str, Callable[..., Tensor]] = {
    "in place": in_place,
    "chunk": lambda x, y, h, w: torch.cat(
        [a * b for a, b in zip(x.chunk(2, -1), h.chunk(2, -1), strict=True)], -1
    ),
    "split": lambda x, y, h, w: x.split([3, 5], -1)[1].mean(-1, keepdim=True) * h,
    "slice": lambda x, y, h, w: x[:, 1:2] * h + y[..., -1:],
    "strided": lambda x, y, h, w: x[:, ::2].unsqueeze(-1).expand(-1, -1, 2).flatten(1) * h,
    "overlapping": lambda x, y, h, w: torch.cat([x[:, 1:] * x[:, :-1], h[:, :1]], -1),
    "shifted": lambda x, y, h, w: torch.cat([h[:, -1:], h[:, :-1]], -1) * x + y,
    "flip": lambda x, y, h, w: x.flip(-1) * h,
    "stack": lambda x, y, h, w: torch.stack([x[:, :4], h[:, :4]], -1).flatten(1) * y,
    "stack and sum": lambda x, y, h, w: torch.stack([x, y, h], 1).sum(1),
    "permute": lambda x, y, h, w: x.view(-1, 2, 4).transpose(1, 2).reshape(-1, 8) * h,
    "unbind": lambda x, y, h, w: torch.cat(x.view(-1, 2, 4).unbind(1)[::-1], -1) * h,
    "broadcast": lambda x, y, h, w: (x.view(-1, 2, 4) * h[:, :2].unsqueeze(-1)).flatten(1),
    "a weight for each unit": lambda x, y, h, w: w[0] * x + w[1, 2] * h,
    "a weight for all": lambda x, y, h, w: w.sum() * h + x * w.diagonal(),
    "spread weights": lambda x, y, h, w: w[0].expand_as(x) * h + x.new_full(x.shape, 0.5),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_or_a_write_in_place(name):
    law(VIEWS[name])


def test_every_operation_of_the_tables_has_a_law():
    """By the name that torch gives it, or within another law that needs it."""
    named = {*UNARY, *POSITIVE, *BINARY, *UNITS, *PRODUCTS, *VIEWS}
    within = {
        "length": "norm",
        "bitwise_and": "logical",
        "bitwise_or": "logical",
        "bitwise_not": "logical",
        "logical_not": "logical",
        "logical_or": "logical",
        "log_sigmoid_forward": "logsigmoid",
        "copy": "in place",
    }
    missing = {n for n in (*OPERATIONS, *TORCH) if within.get(n, n) not in named}
    assert not missing


@pytest.mark.parametrize(
    ("f", "why"),
    [
        (lambda x, y, h, w: h - h.mean(0), "mixes the sequences"),
        (lambda x, y, h, w: h.flip(0) + x, "mixes the sequences"),
        (lambda x, y, h, w: x.roll(1, 0) * h, ""),
        (lambda x, y, h, w: h.cumsum(-1), "neither pointwise, nor a sum over units"),
        (lambda x, y, h, w: h.sort(-1).values + x, "neither pointwise"),
        (lambda x, y, h, w: h + torch.rand_like(x), "neither pointwise"),
        (lambda x, y, h, w: h + torch.rand(H).to(x), "does not compute what its step does"),
        (lambda x, y, h, w: h.float().double() + x, "float32"),
        (lambda x, y, h, w: F.softplus(h, threshold=5) + x, "another threshold"),
    ],
)
def test_what_is_not_compiled_says_why(f: Any, why: str):
    compiled._warned.clear()
    with pytest.warns(UserWarning, match=f"Step runs on loop: .*{why}"):
        assert found(f, inputs(False), "compiled")[0] == "loop"
