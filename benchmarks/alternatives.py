"""What else could run a recurrence over time: torch.compile, torch's scan, numba and JAX.

An LSTM goes forward and back over T steps on one core, by each of them and by longlag's loop and
compiled step.  All compute the same gradient of the same weights, which is checked.  "First" is the
time on the wall until the first gradient is there, with empty caches: what compiling costs.  A pass
is the median of several, in CPU time, which other processes disturb less.  What is not installed,
or cannot do it, says so.

    OMP_NUM_THREADS=1 python benchmarks/alternatives.py [--rounds 15] [--packages FOLDER]
"""

import argparse
import datetime
import importlib
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import linear

from longlag.cells import LSTM
from longlag.engine import unroll

T, B, I, H = 100, 32, 64, 64
Gradient = list[np.ndarray]  # dL/dW_x, dL/db and dL/dW_h, L the sum of all h
Pass = Callable[[], Gradient]


def weights_of(cell: LSTM) -> list[Tensor]:
    return [cell.W_x.weight, cell.W_x.bias, cell.W_h.weight]


def by_autograd(cell: LSTM, output: Callable[[], Tensor]) -> Pass:
    return lambda: [g.numpy() for g in torch.autograd.grad(output().sum(), weights_of(cell))]


def by_backend(cell: LSTM, x: Tensor, backend: str) -> Pass:
    return by_autograd(cell, lambda: unroll(cell, x, backend=backend).y)


def torch_compile(cell: LSTM, x: Tensor, whole: bool) -> Pass:
    """Compile the step, which Python calls T times, or the whole loop, which is unrolled."""
    step: Any = cell.step if whole else torch.compile(cell.step)

    def loop(x: Tensor) -> Tensor:
        s, out = cell.init_state(B), []
        for u_t in cell.project(x).unbind(0):
            s = step(u_t, s)
            out.append(s.h)
        return torch.stack(out)

    run: Any = torch.compile(loop) if whole else loop
    return by_autograd(cell, lambda: run(x))


def torch_scan(cell: LSTM, x: Tensor, compiled: bool) -> Pass:
    """Use torch's own scan, which is not public: it forbids that an output shares memory."""
    from torch._higher_order_ops import scan

    def step(s: tuple[Tensor, Tensor], u: Tensor) -> tuple[tuple[Tensor, Tensor], Tensor]:
        a = u + linear(s[0], cell.W_h.weight)
        i, f, g, o = (a[:, k * H : (k + 1) * H].clone() for k in range(4))
        c = torch.sigmoid(f) * s[1] + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return (h, c.clone()), h.clone()

    run: Any = torch.compile(scan) if compiled else scan
    return by_autograd(cell, lambda: run(step, tuple(cell.init_state(B)), cell.project(x))[1])


def by_numba(cell: LSTM, x: Tensor) -> Pass:
    """Forward and backward written by hand, as numba differentiates nothing."""
    from numba import njit

    one = np.float32(1)

    @njit(fastmath=True)
    def gradient(x, W_x, b, W_h):
        x = x.reshape(T * B, I)
        a = (np.dot(x, W_x.T) + b).reshape(T, B, 4, H)  # then the gates, then dL/da
        h, c = np.zeros((T + 1, B, H), x.dtype), np.zeros((T + 1, B, H), x.dtype)
        for t in range(T):
            rec = np.dot(h[t], W_h.T).reshape(B, 4, H)
            for n in range(B):
                for j in range(H):
                    for k in (0, 1, 3):
                        a[t, n, k, j] = one / (one + np.exp(-a[t, n, k, j] - rec[n, k, j]))
                    a[t, n, 2, j] = np.tanh(a[t, n, 2, j] + rec[n, 2, j])
                    i, f, g, o = a[t, n, 0, j], a[t, n, 1, j], a[t, n, 2, j], a[t, n, 3, j]
                    c[t + 1, n, j] = f * c[t, n, j] + i * g
                    h[t + 1, n, j] = o * np.tanh(c[t + 1, n, j])
        d_h, d_c = np.zeros((B, H), x.dtype), np.zeros((B, H), x.dtype)
        for t in range(T - 1, -1, -1):
            for n in range(B):
                for j in range(H):
                    i, f, g, o = a[t, n, 0, j], a[t, n, 1, j], a[t, n, 2, j], a[t, n, 3, j]
                    y, loss = np.tanh(c[t + 1, n, j]), one + d_h[n, j]
                    d = d_c[n, j] + loss * o * (one - y * y)
                    a[t, n, 0, j] = d * g * i * (one - i)
                    a[t, n, 1, j] = d * c[t, n, j] * f * (one - f)
                    a[t, n, 2, j] = d * i * (one - g * g)
                    a[t, n, 3, j] = loss * y * o * (one - o)
                    d_c[n, j] = d * f
            d_h = np.dot(a[t].reshape(B, 4 * H), W_h)
        d_a = a.reshape(T * B, 4 * H)
        return np.dot(d_a.T, x), d_a.sum(0), np.dot(d_a.T, h[:T].copy().reshape(T * B, H))

    weights = [p.detach().numpy() for p in weights_of(cell)]
    return lambda: list(gradient(x.numpy(), *weights))


def by_jax(cell: LSTM, x: Tensor) -> Pass:
    """Write the cell again in JAX: lax.scan, differentiated and compiled as a whole."""
    jax, jnp = importlib.import_module("jax"), importlib.import_module("jax.numpy")

    def loss(weights, x):
        W_x, b, W_h = weights

        def step(s, u):
            i, f, g, o = jnp.split(u + s[0] @ W_h.T, 4, axis=-1)
            c = jax.nn.sigmoid(f) * s[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        start = jnp.zeros((B, H)), jnp.zeros((B, H))
        return jax.lax.scan(step, start, x @ W_x.T + b)[1].sum()

    run = jax.jit(jax.grad(loss))
    weights = [p.detach().numpy() for p in weights_of(cell)]
    return lambda: [np.asarray(g) for g in run(weights, x.numpy())]


CONTENDERS: dict[str, Callable[[LSTM, Tensor], Pass]] = {
    "longlag, loop": partial(by_backend, backend="loop"),
    "longlag, compiled step": partial(by_backend, backend="compiled"),
    "torch.compile, the step": partial(torch_compile, whole=False),
    "torch.compile, the whole loop": partial(torch_compile, whole=True),
    "torch scan, eager": partial(torch_scan, compiled=False),
    "torch scan, compiled": partial(torch_scan, compiled=True),
    "numba, by hand": by_numba,
    "JAX, lax.scan": by_jax,
}


def measure(run: Pass, want: Gradient | None, rounds: int) -> tuple[float, float, Gradient]:
    """Return seconds until the first gradient, median milliseconds of a pass, and the gradient."""
    start = time.perf_counter()
    found = run()
    first, times = time.perf_counter() - start, []
    for got, true in zip(found, want or found, strict=True):
        np.testing.assert_allclose(got, true, rtol=1e-3, atol=1e-2)
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return first, 1e3 * statistics.median(times), found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="passes of each")
    parser.add_argument("--packages", default="", help="another site-packages, that has jax[cpu]")
    options = parser.parse_args()
    sys.path += [options.packages] * bool(options.packages)
    for name in ("LONGLAG_CACHE", "TORCHINDUCTOR_CACHE_DIR"):
        os.environ[name] = tempfile.mkdtemp()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # one core for all threads
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    cell, x, want = LSTM(I, H), torch.randn(T, B, I), None
    print(f"{datetime.date.today()}, LSTM, T {T}, B {B}, I {I}, H {H}, float32, one core\n")
    print("| | version | first, s | forward and backward, ms |\n|---|---|---:|---:|")
    for name, make in CONTENDERS.items():
        package = name.split(",")[0].split(" ")[0].split(".")[0].lower()
        try:
            first, ms, found = measure(make(cell, x), want, options.rounds)
            want = want or found
            print(f"| {name} | {version(package)} | {first:.1f} | {ms:.1f} |", flush=True)
        except ModuleNotFoundError as error:
            print(f"| {name} | not measured: {error.name} is not installed | | |", flush=True)
        except Exception as error:
            said = f"{type(error).__name__}: {next(iter(str(error).strip().splitlines()), '')}"
            print(f"| {name} | {version(package)} | {said} | |", flush=True)


if __name__ == "__main__":
    main()
