"""What one step does to the state, J_t = d s_t / d s_(t-1), and what many of them do.

The parts of a state are one vector here, s = [h, c] with N numbers, whatever their shapes.  A
product of many Jacobians leaves the range of any float, so it is kept as a matrix of norm one and
the log of what was divided out; Lyapunov exponents come from a QR step after each factor
(Benettin et al. 1980).
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Inexact
from torch import Generator, Tensor
from torch.func import vjp, vmap

from longlag.cells.antisymmetric import AntisymmetricRNN
from longlag.cells.base import Cell
from longlag.cells.elman import Elman, IndRNN
from longlag.cells.orthogonal import OrthogonalRNN

ROWS = 8  # of the Jacobians pulled back together: more leave the cache and are slower
STEPS = 32  # of which the Jacobians are in memory together


class Product(NamedTuple):
    """What J_T J_(T-1) ... does as it grows backwards, and the exponents of the whole."""

    log_norm: Tensor  # (K,): ln ||J_T ... J_(T-k+1)||_2 at k = 1 .. K
    log_steps: Tensor  # (K,): ln ||J_T|| + ... + ln ||J_(T-k+1)||, which no product exceeds
    exponents: Tensor  # (N,): Lyapunov exponents, nats per step, falling


def flatten(s: Any, leading: int = 2) -> Inexact[Tensor, "*S N"]:
    """Join the parts of a state, one after another, behind its leading axes: T, B unless told."""
    return torch.cat([leaf.flatten(leading) for leaf in s], dim=-1)


def unflatten(v: Inexact[Tensor, "T B N"], like: Any) -> Any:
    """Split what `flatten` joined into parts as those of `like`."""
    pieces = v.split([leaf[0, 0].numel() for leaf in like], dim=-1)
    parts = zip(pieces, like, strict=True)
    return type(like)(*(piece.reshape(*v.shape[:2], *leaf.shape[2:]) for piece, leaf in parts))


def step_jacobians(
    cell: Cell, u: Float[Tensor, "T B P"], before: Any
) -> Inexact[Tensor, "T B N N"]:
    """Compute J_t of all steps and sequences in one batched call.

    A step is a function of its own s_(t-1) alone, so pulling back the same unit vector at every
    (t, b) gives one row of all the Jacobians.

    Args:
        cell: the recurrence.
        u: its projected inputs.
        before: the state each step starts from, a State of (T,B,*H).
    """
    flat, u = flatten(before).detach(), u.detach()
    pull = vjp(lambda v: flatten(cell.step(u, unflatten(v, before))), flat)[1]
    N = flat.shape[-1]
    units = torch.eye(N, dtype=flat.dtype, device=flat.device)
    rows = vmap(lambda e: pull(e.expand_as(flat))[0], chunk_size=ROWS)(units)
    return rows.detach().movedim(0, -2)


def backwards(cell: Cell, u: Float[Tensor, "T P"], before: Any) -> Iterator[Tensor]:
    """Yield J_T, J_(T-1), ..., J_1 (N,N) of one sequence; a few at a time are in memory."""
    for stop in range(len(u), 0, -STEPS):
        part = slice(max(0, stop - STEPS), stop)
        piece = type(before)(*(leaf[part, None] for leaf in before))
        yield from step_jacobians(cell, u[part, None], piece)[:, 0].flip(0)


def singular_values(J: Float[Tensor, "*S N N"]) -> Float[Tensor, "*S N"]:
    """Compute how much each direction is stretched, falling."""
    return torch.linalg.svdvals(J)


def spectral_radius(J: Float[Tensor, "*S N N"]) -> Float[Tensor, "*S"]:
    """Compute the largest |eigenvalue|."""
    return torch.linalg.eigvals(J).abs().amax(-1)


def products(factors: Iterable[Float[Tensor, "N N"]]) -> Product:
    """Compute the product's norm over every lag, its bound, and the Lyapunov spectrum.

    ln ||P_k|| with P_k = J_T J_(T-1) ... J_(T-k+1) bounds what is left of dL/ds_(T-k):
    g_(T-k) = P_k^T g_T.  The exponents are the means of ln |diag R_k|, Q_k R_k = J_t^T Q_(k-1).

    Args:
        factors: J_T, J_(T-1), ...; at least one.

    Source: Benettin et al. 1980; for recurrent networks, Vogt et al. 2022.
    """
    log_norm, log_steps, logs, P, Q = [], [], [], None, None
    scale = 0.0
    for J in factors:
        log_steps.append(torch.linalg.matrix_norm(J, 2).log())
        P = J if P is None else P @ J
        size = float(torch.linalg.matrix_norm(P, 2))
        scale += math.log(size) if size > 0 else -math.inf
        P = P / size if size > 0 else P
        log_norm.append(scale)
        Q, R = torch.linalg.qr(J.mT if Q is None else J.mT @ Q)
        logs.append(R.diagonal().abs().log())
    exponents = torch.stack(logs).mean(0).sort(descending=True).values
    return Product(exponents.new_tensor(log_norm), torch.stack(log_steps).cumsum(0), exponents)


def leading_exponent(
    cell: Cell, u: Float[Tensor, "T B P"], before: Any, rng: Generator
) -> Float[Tensor, "B"]:
    """Find the largest Lyapunov exponent of each sequence, nats per step, by one pass back.

    A random vector is pulled back by J_T^T, J_(T-1)^T, ... and made one long again after each; the
    exponent is the mean log of what was divided out, the first tenth of the steps left out, in
    which the vector turns.  `products` finds all exponents, at N times the cost.

    Args:
        cell: the recurrence.
        u: its projected inputs.
        before: the state each step starts from, a State of (T,B,*H).
        rng: for the vector.
    """
    flat = flatten(before).detach()
    v = torch.randn(flat[0].shape, generator=rng, dtype=flat.dtype)
    logs = []
    for t in reversed(range(len(u))):
        now = type(before)(*(leaf[t, None] for leaf in before))
        pull = vjp(
            lambda s, t=t, now=now: flatten(cell.step(u[t, None], unflatten(s, now))), flat[t, None]
        )[1]
        v = pull(v[None])[0][0].detach()
        size = v.norm(dim=-1)
        logs.append(size.log())
        v = v / size[:, None]
    return torch.stack(logs)[len(logs) // 10 :].mean(0)


def step_bound(cell: Cell) -> float | None:
    """Bound what a step can stretch, from the weights alone; None where nothing bounds it.

    ||W_h||_2 max phi' of a vanilla or an orthogonal RNN (max phi' is 1 for tanh, relu and, away
    from its jump, modrelu), max |u| of an IndRNN, 1 + eps ||A - A^T - gamma 1||_2 of an
    AntisymmetricRNN without a gate.
    A gated cell multiplies its state by gates that read it, so no norm of one matrix bounds its
    steps: there the measured steps are the bound, `Product.log_steps`.

    Below 1 the gradient must vanish; above 1 it may explode.

    Source: Pascanu, Mikolov & Bengio 2013, section 2.1.
    """
    if isinstance(cell, IndRNN):
        return float(cell.held().detach().double().abs().max())
    if isinstance(cell, AntisymmetricRNN) and not cell.gated:
        turn = cell.matrix().detach().double()
        turn = turn - cell.gamma * torch.eye(len(turn), dtype=turn.dtype, device=turn.device)
        return 1 + cell.eps * float(torch.linalg.matrix_norm(turn, 2))
    if isinstance(cell, Elman | OrthogonalRNN):
        return float(torch.linalg.matrix_norm(cell.W_h.weight.detach().double(), 2))
    return None
