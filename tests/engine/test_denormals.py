"""Subnormal numbers are flushed where a model is trained or examined, and only there."""

import inspect
import threading
from contextlib import nullcontext

import lightning
import pytest
import torch
from torch import nn

from longlag.cells import Cell, Elman, Hidden
from longlag.engine import unroll
from longlag.engine.denormals import flush_denormals, flushing
from longlag.engine.projection import Linear
from longlag.runs import analyse, extrapolation, forecast
from longlag.runs.config import resolve
from longlag.runs.run import execute
from tiny import TINY

SUBNORMAL = 2.0**-130  # in float32


class Fading(Cell):
    """h_t = h_(t-1) / 1024 + u: soon a subnormal number."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.inp = nn.Linear(input_size, hidden_size, bias=False)

    def project(self, x):
        return self.inp(x)

    def step(self, u, s):
        return Hidden(s.h / 1024 + u)


def last_and_first_gradient(backend: str) -> tuple[float, float]:
    cell, x = Fading(1, 4), torch.zeros(14, 2, 1)  # 2^-10 each step
    h = torch.full((2, 4), 1024.0, requires_grad=True)
    y = unroll(cell, x, Hidden(h), backend=backend).y
    (grad,) = torch.autograd.grad(y[-1].sum(), h)
    return y[-1].max().item(), grad.max().item()


@pytest.mark.skipif(not torch.set_flush_denormal(False), reason="this CPU cannot flush")
def test_inside_they_are_zero_and_outside_they_are_what_they_were():
    assert not flushing()
    with flush_denormals():
        assert flushing()
        with flush_denormals():
            pass
        assert flushing()  # the inner one restores what it found
    assert not flushing()
    with pytest.raises(ZeroDivisionError), flush_denormals():
        _ = 1 / 0
    assert not flushing()


def test_a_thread_that_is_started_inside_flushes_too():
    seen = []
    with flush_denormals():
        thread = threading.Thread(target=lambda: seen.append(flushing()))
        thread.start()
        thread.join()
    assert seen == [torch.set_flush_denormal(False)]


def test_the_loop_keeps_them_unless_it_is_told_and_the_compiled_step_never_does():
    value, grad = last_and_first_gradient("loop")
    assert value > 0 and grad > 0  # subnormal, both
    with flush_denormals():
        assert last_and_first_gradient("loop") == (0, 0)
    assert last_and_first_gradient("compiled") == (0, 0)
    assert not flushing()  # the C sets the unit back


def test_the_products_of_a_projection_flush_and_set_back():
    x, w = torch.full((3, 2), SUBNORMAL), torch.ones(4, 2, requires_grad=True)
    y = Linear.apply(x, w, None)
    assert not y.any() and not torch.autograd.grad(y.sum(), w)[0].any() and not flushing()


class Looks(lightning.Callback):
    """Notes at every step of training and evaluation whether the thread flushes."""

    def __init__(self):
        self.seen = []

    def on_train_start(self, trainer, pl_module):
        pl_module.watchers.append(self)

    def before_step(self, step, learner):
        self.seen.append(flushing())

    def after_step(self, step, learner):
        self.seen.append(flushing())

    def on_validation_batch_end(self, *args, **kwargs):
        self.seen.append(flushing())

    def on_test_batch_end(self, *args, **kwargs):
        self.seen.append(flushing())


def test_a_run_flushes_from_its_first_step_to_its_test(tmp_path):
    looks = Looks()
    execute(resolve((*TINY, "logger=none")), tmp_path, [looks])
    assert len(looks.seen) > 20 and all(looks.seen) and not flushing()


@pytest.mark.parametrize(
    "function", [analyse.examine_run, extrapolation.score, forecast.forecast_series], ids=str
)
def test_what_examines_a_model_flushes(function):
    class Seen(Exception):
        pass

    class Argument:
        def look(self, *given):
            raise Seen(flushing())

        __getattr__ = __truediv__ = __len__ = look

    with pytest.raises(Seen, match="True"):
        function(*(Argument() for _ in inspect.signature(function).parameters))


def test_a_faded_gradient_changes_no_weight():
    torch.manual_seed(0)
    cell, x, found = Elman(2, 8), torch.ones(200, 4, 2), []
    with torch.no_grad():
        for p in cell.parameters():
            p.uniform_(-0.2, 0.2)
    for how in (nullcontext, flush_denormals):
        with how():
            loss = unroll(cell, x, backend="loop").y[-1].sum()
            found.append(torch.autograd.grad(loss, list(cell.parameters())))
    assert all(map(torch.equal, *found))
