"""What an examination found in one cell of a model: the numbers under the section on the inside.

laboratory.npz holds arrays of the initial and of the trained model; a trained model whose weights
are not finite has none.  A cell is examined on its own, so a stack has one `Inside` a layer.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from longlag.nn.layer_names import cell_label
from longlag.records.reader import read_study
from longlag.records.run import Run
from longlag.records.seed_groups import Group, study_groups
from longlag.stats.decay import left, slope

WHEN = ("init", "trained")
LEAST = 1e-12  # a perturbation is a hundredth of the state: a share of it below this is rounding
Pair = tuple[float, float]  # at init, trained; NaN where there is none


@dataclass(frozen=True)
class View:
    """One cell at one moment.

    Args:
        arrays: of the examination, without the moment in their names.
        layer: the cell's number in the model.
        lag: steps that the task must bridge; None: nobody knows.
    """

    arrays: dict[str, np.ndarray]
    layer: int
    lag: int | None

    def array(self, kind: str, name: str = "") -> np.ndarray:
        """Return the array kind/<layer>/name; one NaN if there is none."""
        found = self.arrays.get(f"{kind}/{self.layer}" + (f"/{name}" if name else ""))
        return np.full(1, np.nan) if found is None else found

    def parts(self, kind: str) -> dict[str, np.ndarray]:
        """Return the arrays kind/<layer>/... by the last part of their names, h first."""
        start = f"{kind}/{self.layer}/"
        found = {k.removeprefix(start): v for k, v in self.arrays.items() if k.startswith(start)}
        return dict(sorted(found.items(), key=lambda item: (item[0] != "h", item[0])))

    @cached_property
    def gradient(self) -> np.ndarray:
        """Return ||dL/ds|| over the lag (K,) of the whole state: mean over sequences."""
        parts = list(self.parts("sequence").values())
        if not parts:
            return np.full(1, np.nan)
        norms = np.sqrt(np.sum(np.square(parts), axis=0))
        known = np.isfinite(norms).any(axis=0)
        found = np.full(norms.shape[1], np.nan)
        found[known] = np.nanmean(norms[:, known], axis=0)
        return found

    @property
    def decay_rate(self) -> float:
        """Fit the decay rate of that gradient, nats a step."""
        return slope(np.arange(len(self.gradient)), self.gradient)

    @property
    def exponent(self) -> float:
        """Return the largest Lyapunov exponent, nats a step."""
        return float(self.array("jacobian", "lyapunov")[0])

    @property
    def radius(self) -> float:
        """Return the spectral radius of a step: median over the steps."""
        return float(np.median(self.array("jacobian", "radius")))

    @property
    def bound(self) -> float:
        """Return the factor that no step exceeds, by the weights; NaN if the cell has none."""
        return float(self.array("jacobian", "bound").squeeze())

    @property
    def product(self) -> np.ndarray:
        """Return ln of the norm of the product of the last k = 1 ... K steps; may be -inf."""
        return self.array("jacobian", "log_norm")

    @property
    def most(self) -> np.ndarray:
        """Return ln of what these k steps can stretch: k ln bound, or the sum of the steps' own."""
        if np.isnan(self.bound):
            return self.array("jacobian", "log_steps")
        with np.errstate(divide="ignore"):
            return np.arange(1, len(self.product) + 1) * np.log(self.bound)

    @property
    def time_scales(self) -> np.ndarray:
        """Return those of every unit, steps; empty without a gate that keeps."""
        return np.concatenate([np.zeros(0), *self.parts("timescale").values()])

    @property
    def time_scale(self) -> float:
        """Return that of the middle unit; infinite where its gate is wide open."""
        tau = self.time_scales
        return float(np.quantile(tau, 0.5, method="lower")) if len(tau) else np.nan

    def share(self, leaf: str) -> float:
        """Divide what arrives along one part of the state alone by all of it, at the task's lag."""
        whole, alone = self.array("profile", leaf), self.array("along", leaf)
        at = self.end(whole)
        return float(alone[at] / whole[at]) if len(alone) > at and whole[at] > 0 else np.nan

    def end(self, values: np.ndarray) -> int:
        """Find the task's lag among values at k = 0, 1, ...; else the last that is known."""
        known = np.flatnonzero(np.isfinite(values))
        last = int(known[-1]) if len(known) else 0
        return last if self.lag is None else min(self.lag, last)

    @property
    def gradient_left(self) -> float:
        """Return ln of the share of the gradient that is left at the task's lag."""
        return float(left(self.gradient[None], self.end(self.gradient))[0])

    @property
    def perturbation_left(self) -> float:
        """Return ln of what is left of a perturbation then, in the part that keeps it best.

        At least ln LEAST: what is below that is rounding, in which no cell differs from another.
        """
        shares = [float(v[self.end(v)]) for v in self.parts("retention/kick").values() if len(v)]
        known = [share for share in shares if not np.isnan(share)]
        return float(np.log(max(*known, LEAST))) if known else np.nan

    @property
    def linear_probe(self) -> tuple[np.ndarray, np.ndarray]:
        """Return lags, and R^2 of a linear map from the state to the input so many steps before."""
        r2 = self.array("retention/readable")
        return self.arrays.get("retention/lags", np.zeros(len(r2), int)), r2

    @property
    def probe_r2(self) -> float:
        """Return R^2 at the task's lag, or at the nearest lag before it that was looked at."""
        lags, r2 = self.linear_probe
        near = r2[lags <= self.lag] if self.lag is not None else r2
        return float(near[-1]) if len(near) else np.nan


@dataclass(frozen=True)
class Inside:
    """One cell of an examined model, at init and trained."""

    row: Group
    run: Run
    layer: int
    cells: int  # of the model

    @property
    def label(self) -> str:
        """Name the row, the layer where there are several, the seed where it tells more."""
        where = cell_label(self.layer, self.cells, self.run.ways)
        seed = "" if self.run is self.row.typical else f"(seed {self.run.seed})"
        return " ".join(part for part in (self.row.label, where, seed) if part)

    @property
    def lag(self) -> int | None:
        """Count the steps that the task must bridge; None where the task does not say."""
        return self.run.lag

    @cached_property
    def views(self) -> dict[str, View]:
        """Give the views by the moment: init and, where the weights are finite, trained."""
        found = {}
        for when in WHEN:
            start = f"{when}/"
            arrays = {
                name.removeprefix(start): values
                for name, values in self.run.laboratory.items()
                if name.startswith(start)
            }
            if arrays:
                found[when] = View(arrays, self.layer, self.lag)
        return found

    def pair(self, name: str) -> Pair:
        """Return a number of both moments."""
        start, end = (getattr(self.views[w], name) if w in self.views else np.nan for w in WHEN)
        return start, end

    @property
    def leaves(self) -> list[str]:
        """Name the parts of the state, h first."""
        return list(next(iter(self.views.values())).parts("profile"))


def insides(g: Group) -> list[Inside]:
    """List every layer of the median run or, if that was not examined, of another."""
    run = next((r for r in (g.typical, *g.runs) if r.laboratory), None)
    if run is None:
        return []
    layers = {
        int(name.split("/")[2]) for name in run.laboratory if name.split("/")[1] == "jacobian"
    }
    return [Inside(g, run, layer, len(layers)) for layer in sorted(layers)]


def examined(settings: dict[str, list[Group]]) -> dict[str, list[Inside]]:
    """List the examined cells of every setting; one without any is left out."""
    found = {s: [cell for g in groups for cell in insides(g)] for s, groups in settings.items()}
    return {setting: cells for setting, cells in found.items() if cells}


class Median(NamedTuple):
    """The run with the median score of one cell and task."""

    name: str  # RNN on adding, T = 100
    folder: Path
    command: str  # that trains it
    readable: bool  # one way and by a recurrence; else there is nothing to examine
    examined: bool  # and what was found can be read

    @property
    def bare(self) -> bool:
        """Tell whether its weights were not kept."""
        return not (self.folder / "weights.pt").is_file()

    @property
    def due(self) -> bool:
        """Tell whether it can be examined and was not."""
        return self.readable and not (self.bare or self.examined)


def medians(study: Path) -> list[Median]:
    """List the median runs of a study's folder, in the order of its report."""
    found = []
    for g in study_groups(read_study(study)):
        run = g.typical
        readable = run.ways == 1 and run.record.model.cells > 0
        name = f"{g.label} on {g.setting}"
        found.append(Median(name, run.folder, run.command, readable, bool(run.laboratory)))
    return found
