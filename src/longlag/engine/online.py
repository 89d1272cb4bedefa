"""On-line gradient descent, one update after each sequence, for many sequences in one call of C.

At one sequence of a small net an update takes some ten microseconds; every call of torch between
two updates takes as long.  Here the whole net is one compiled step, and the weights are changed in
C as well.
"""

import ctypes
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from longlag.cells.base import Cell
from longlag.engine.c_compiler import CannotCompile, library
from longlag.engine.codegen import Pointer, Role
from longlag.engine.compiled import CompiledStep, compiled_step
from longlag.engine.ir import Buffer, Kind
from longlag.engine.matmul import REAL
from longlag.engine.trace import weights_of

LOOP = r"""
#include <math.h>
#include <string.h>
typedef @REAL@ R;
typedef int (*step_t)(long, long, R **);

/* Descend after each of N sequences; returns how many were taken: fewer where a loss is not finite,
   or -1 where a step had no memory. */
long descend(long N, const long *steps, const R *x, const R *target, const R *weight, long I,
             long D, step_t forward, step_t backward, R **forward_p, R **backward_p, R *u,
             const R *z, R *direct, long F, R *fixed, const long *source, long G, R *gradient,
             const long *to, long Z, R **zeroed, const long *per_step, const long *whole,
             R *theta, R rate, R *loss, R *worst) {
    for (long n = 0; n < N; n++) {
        const long T = steps[n];
        memcpy(u, x, T * I * sizeof(R));
        for (long j = 0; j < F; j++) if (source[j] >= 0) fixed[j] = theta[source[j]];
        if (forward(T, 1, forward_p)) return -1;
        loss[n] = worst[n] = 0;
        for (long t = 0; t < T; t++) for (long k = 0; k < D; k++) { /* outputs */
            const R y = 1 / (1 + exp(-z[t * D + k])), error = y - target[t * D + k];
            direct[t * D + k] = weight[t] * error * y * (1 - y);
            loss[n] += weight[t] * error * error / 2;
            if (weight[t] > 0 && !(fabs(error) <= worst[n])) worst[n] = fabs(error);
        }
        if (!isfinite(loss[n])) return n;
        memset(gradient, 0, G * sizeof(R));
        for (long i = 0; i < Z; i++)
            memset(zeroed[i], 0, (T * per_step[i] + whole[i]) * sizeof(R));
        if (backward(T, 1, backward_p)) return -1;
        for (long j = 0; j < G; j++) if (to[j] >= 0) theta[to[j]] -= rate * gradient[j];
        x += T * I, target += T * D, weight += T;
    }
    return N;
}
"""


class Descent(NamedTuple):
    """What on-line descent saw of each sequence, before it learnt from it."""

    loss: Float[Tensor, "N"]  # 1/2 sum of (y - target)^2 over steps and outputs
    worst: Float[Tensor, "N"]  # the largest |y - target|


@cache
def descent_library(real: str) -> ctypes.CDLL:
    """Return the compiled function `descend` on numbers of type `real`."""
    built = library(LOOP.replace("@REAL@", real))
    built.descend.restype = ctypes.c_long
    return built


class OnlineDescent:
    """Train a net by w <- w - rate dE/dw after each sequence, E = 1/2 sum (sigmoid(z) - target)^2.

    Args:
        net: a cell that takes x_t as it is, and whose state ends with z_t (B,D), the sums of D
            logistic outputs.
        like: an input (T,B,I) of its type.

    Raises:
        CannotCompile: its step cannot be compiled, or reads weights that are computed of others.
    """

    def __init__(self, net: Cell, like: Float[Tensor, "T B I"]) -> None:
        step = compiled_step(net, like)
        if not isinstance(step, CompiledStep):
            raise CannotCompile(step)
        self.net, self.step, self.real = net, step, like.dtype
        self.numpy = np.dtype(np.float32 if like.dtype == torch.float32 else np.float64)
        self.fixed_source, self.fixed = fixed_entries(step, net)
        self.longest, self.kept = 0, {}

    def allocate(self, longest: int) -> None:
        """Set up all buffers for sequences of up to `longest` steps."""
        source, program = self.step.source, self.step.program
        ends = np.cumsum([0] + [b.width for b in program.fixed])
        at = {b: slice(a, z) for b, a, z in zip(program.fixed, ends, ends[1:], strict=False)}
        wanted = [p for p in source.backward_pointers if is_weight_gradient(p)]
        self.to = np.concatenate(
            [gradient_entries(p, self.fixed_source[at[p.buffer]]) for p in wanted]
        )
        self.gradient = np.zeros(len(self.to), self.numpy)
        self.longest, self.kept = longest, dict[Pointer, np.ndarray]()
        zeroed, taken = [], 0
        for p in source.backward_pointers:
            width = p.buffer.width
            if is_weight_gradient(p):
                size = width if p.product is None else p.product.k * p.product.n
                self.kept[p] = self.gradient[taken : taken + size]
                taken += size
            elif p.role is Role.VALUE and p.buffer.kind is Kind.FIXED:
                self.kept[p] = self.fixed[at[p.buffer]]
            elif p.role is not Role.DIRECT or p.buffer is program.states[-1].buffer:
                rows = longest + 1 if has_row_per_step(p) else 1
                self.kept[p] = np.zeros(rows * width, self.numpy)
                if p.role is Role.AFTER or (p.role is Role.GRADIENT and p.buffer in source.zeroed):
                    zeroed.append(p)
        per_step = [p.buffer.width if has_row_per_step(p) else 0 for p in zeroed]
        whole = [0 if has_row_per_step(p) else p.buffer.width for p in zeroed]
        self.zeroed = addresses([self.kept[p] for p in zeroed])
        self.sizes = np.array(per_step, np.int64), np.array(whole, np.int64)
        for root, leaf in zip(program.states, self.net.init_state(1), strict=True):
            first = self.numbers_of(Role.VALUE, root.buffer)
            first[: root.buffer.width] = leaf.detach().numpy().ravel()

    def numbers_of(self, role: Role, buffer: Buffer) -> np.ndarray:
        """Return the numbers that stand for a buffer in one role."""
        return next(a for p, a in self.kept.items() if p.role is role and p.buffer is buffer)

    def descend(
        self,
        x: Float[Tensor, "S I"],
        target: Float[Tensor, "S D"],
        weight: Float[Tensor, "S"],
        lengths: list[int],
        rate: float,
    ) -> Descent:
        """Take the sequences one after another; the net's parameters are changed.

        Args:
            x: the inputs of all sequences, one behind another.
            target: likewise what the outputs should be.
            weight: likewise of each step in E; 0 where nothing is asked.
            lengths: steps of each sequence.
            rate: the learning rate.

        Returns:
            Of the sequences up to and with the first whose loss is not finite.
        """
        if max(lengths) > self.longest:
            self.allocate(max(lengths))
        source, program = self.step.source, self.step.program
        parameters = list(self.net.parameters())
        theta = parameters_to_vector(parameters).detach().clone().numpy()
        loss, worst = (np.zeros(len(lengths), self.numpy) for _ in range(2))
        given = [part.to(self.real).contiguous().numpy() for part in (x, target, weight)]
        outputs = program.states[-1].buffer
        D, inputs = outputs.width, self.numbers_of(Role.VALUE, program.u)
        z, direct = (self.numbers_of(role, outputs) for role in (Role.VALUE, Role.DIRECT))
        real = ctypes.c_float if self.real == torch.float32 else ctypes.c_double
        done = descent_library(REAL[self.real]).descend(
            *(ctypes.c_long(len(lengths)), pointer(np.array(lengths, np.int64))),
            *(*map(pointer, given), ctypes.c_long(x.shape[1]), ctypes.c_long(D)),
            *(self.step.forward, self.step.backward),
            addresses([self.kept.get(p) for p in source.forward_pointers]),
            addresses([self.kept.get(p) for p in source.backward_pointers]),
            *map(pointer, (inputs, z[D:], direct)),
            *(ctypes.c_long(len(self.fixed)), pointer(self.fixed), pointer(self.fixed_source)),
            *(ctypes.c_long(len(self.to)), pointer(self.gradient), pointer(self.to)),
            *(ctypes.c_long(len(self.zeroed)), self.zeroed, *map(pointer, self.sizes)),
            *(pointer(theta), real(rate), pointer(loss), pointer(worst)),
        )
        if done < 0:
            raise MemoryError("on-line descent: no memory for a copy of the weights")
        with torch.no_grad():
            vector_to_parameters(torch.from_numpy(theta), parameters)
        seen = min(done + 1, len(lengths))
        return Descent(torch.from_numpy(loss[:seen]), torch.from_numpy(worst[:seen]))


def fixed_entries(step: CompiledStep, net: Cell) -> tuple[np.ndarray, np.ndarray]:
    """Return of each fixed number its place in the vector of parameters, and the number itself.

    The place is -1 of a number that does not depend on the parameters.  It is found by giving each
    parameter its own place as its value, once positive and once negative.

    Raises:
        CannotCompile: a fixed number is computed, not copied, of parameters.
    """
    parameters = dict(net.named_parameters())
    count = sum(p.numel() for p in parameters.values())
    if count >= 2**23:
        raise CannotCompile(f"on-line descent numbers at most 8 million weights, not {count}")
    found = []
    for sign in (1.0, -1.0):
        codes, own = sign * torch.arange(1.0, count + 1), dict(weights_of(net))
        for (name, p), code in zip(
            parameters.items(),
            codes.split([p.numel() for p in parameters.values()]),
            strict=True,
        ):
            own[name] = code.view(p.shape).to(p)
        with torch.no_grad():
            fixed = step.program.compute_fixed(*(own[name] for name in step.program.weights))
        found.append(torch.cat([part.reshape(-1) for part in fixed]).numpy())
    plus, minus = found
    constant, copied = plus == minus, (plus == -minus) & (plus >= 1) & (plus == np.rint(plus))
    if not (constant | copied).all():
        raise CannotCompile("its step reads weights that are computed of its parameters")
    return np.where(constant, -1, plus - 1).astype(np.int64), plus.copy()


def is_weight_gradient(p: Pointer) -> bool:
    """Tell whether a pointer's numbers are the gradient of a fixed value, or a share of it."""
    return p.role is Role.WEIGHT_GRADIENT or (
        p.role is Role.GRADIENT and p.buffer.kind is Kind.FIXED
    )


def gradient_entries(p: Pointer, entries: np.ndarray) -> np.ndarray:
    """Return the entries of a fixed value in the order of that pointer's gradient."""
    if p.product is None or not p.product.turned:
        return entries
    return entries.reshape(p.product.n, p.product.k).T.ravel()


def has_row_per_step(p: Pointer) -> bool:
    """Tell whether a pointer's numbers are kept for each step."""
    if p.role in (Role.VALUE, Role.DIRECT):
        return p.buffer.over_time
    return p.role is Role.GRADIENT and p.buffer.gradient_over_time


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    """Return the address of an array's numbers."""
    return ctypes.c_void_p(array.ctypes.data)


def addresses(arrays: list[np.ndarray | None]) -> ctypes.Array[ctypes.c_void_p]:
    """Return the addresses of several arrays' numbers for C; null for None."""
    return (ctypes.c_void_p * len(arrays))(*(None if a is None else a.ctypes.data for a in arrays))
