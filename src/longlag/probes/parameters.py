"""The gradients of the parameters: their norms, how often they are clipped or explode, and steps.

An exploding step is one whose total gradient norm is not finite, or above EXPLODED times the
median norm of its window (the steps since the last probe).  Windows look at every tenth step: the
norm of a small model's gradient costs 2 % of a step.
"""

from typing import NamedTuple, final

import numpy as np
import torch
from torch import Tensor, nn

EXPLODED = 100.0
EVERY = 10  # steps


class Window(NamedTuple):
    """What the total gradient norms did between two probes, in the steps that were looked at."""

    end: int  # the step of the probe that closes the window
    seen: int  # steps looked at
    clipped: float  # share of them whose norm was above the clipping threshold
    exploded: int  # of them
    largest: float  # norm


@final
class StepNorms:
    """The total gradient norms of training steps, kept until a window is closed.

    Args:
        clip: the clipping threshold; None: no clipping.
    """

    def __init__(self, clip: float | None) -> None:
        self.clip = clip
        self._fresh: list[Tensor] = []
        self._kept: list[np.ndarray] = []

    def add(self, model: nn.Module) -> None:
        """Note the norm as the gradients stand; no value leaves the device yet."""
        grads = [p.grad for p in model.parameters() if p.grad is not None]
        self._fresh.append(torch.nn.utils.get_total_norm(grads))
        if len(self._fresh) == 1024:
            self._fold()

    def close(self, end: int) -> Window | None:
        """Return the window that ends at step `end`; None if no step was looked at."""
        self._fold()
        if not self._kept:
            return None
        norms, self._kept = np.concatenate(self._kept), []
        return summarise(norms, end, self.clip)

    def state(self) -> list[np.ndarray]:
        """Return what the open window holds."""
        self._fold()
        return self._kept

    def resume(self, state: list[np.ndarray]) -> None:
        """Go on with an open window."""
        self._kept = state

    def _fold(self) -> None:
        if self._fresh:
            self._kept.append(torch.stack(self._fresh).double().cpu().numpy())
            self._fresh = []


def summarise(norms: np.ndarray, end: int, clip: float | None) -> Window:
    """Summarise `norms` (N,) of N >= 1 steps in a window."""
    finite = norms[np.isfinite(norms)]
    usual = np.median(finite) if len(finite) else np.inf
    clipped = 0.0 if clip is None else float(np.mean(~(norms <= clip)))
    exploded = int(np.sum(~np.isfinite(norms) | (norms > EXPLODED * usual)))
    return Window(end, len(norms), clipped, exploded, float(finite.max(initial=0.0)))


def gradient_norms(model: nn.Module) -> np.ndarray:
    """Compute ||dL/dtheta||_2 of each parameter: (P,); 0 where there is no gradient."""
    return np.array([0.0 if p.grad is None else float(p.grad.norm()) for p in model.parameters()])


def copies(model: nn.Module) -> list[Tensor]:
    """Copy the parameters as they are now."""
    return [p.detach().clone() for p in model.parameters()]


def update_ratios(old: list[Tensor], model: nn.Module) -> np.ndarray:
    """Compute ||theta_new - theta_old|| / ||theta_old|| of each parameter: (P,); inf from zero."""
    ratios = []
    for before, p in zip(old, model.parameters(), strict=True):
        change, size = float((p.detach() - before).norm()), float(before.norm())
        ratios.append(change / size if size else float("inf") if change else 0.0)
    return np.array(ratios)
