"""Rules that decide a published claim from records alone: a statistic, its interval, two regions.

Every rule measures one number over the runs of an experiment, with a 95 % interval.  `claimed` is
where the number lies if the claim holds, `partly` the wider region in which a part of it does:

    confirmed     the interval lies inside `claimed`
    partly        it lies inside `partly`, but not inside `claimed`
    refuted       it lies outside `partly`
    not decided   it straddles an edge, or there is none

A rule is data, so that it can be fixed before the runs; nothing in it is executed.
"""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator
from scipy.stats import kendalltau

from longlag.records.claim_measures import (
    LEVEL,
    MEASURES,
    Measure,
    Outcome,
    Part,
    Where,
    among,
    by_seed,
    happened,
    median_interval,
    paired,
)
from longlag.records.run import Run
from longlag.stats import (
    Interval,
    correlation_interval,
    memory_horizon,
    rank_correlation,
    share_interval,
)

CONFIRMED, PARTLY, REFUTED, UNDECIDED = "confirmed", "partly", "refuted", "not decided"


class Region(Part):
    """Where a number lies: at least one bound."""

    at_least: float = -math.inf
    at_most: float = math.inf

    @model_validator(mode="after")
    def _bounded(self) -> "Region":
        if not self.at_least <= self.at_most:
            raise ValueError(f"at_least {self.at_least} is above at_most {self.at_most}")
        if self.at_least == -math.inf and self.at_most == math.inf:
            raise ValueError("needs at_least or at_most")
        return self

    def holds(self, found: Interval) -> bool:
        """Tell whether an interval lies inside."""
        return self.at_least <= found.low and found.high <= self.at_most

    def excludes(self, found: Interval) -> bool:
        """Tell whether an interval lies outside."""
        return found.high < self.at_least or found.low > self.at_most


class Rule(Part):
    """A statistic of runs, and where it lies if the claim holds, or holds partly."""

    claimed: Region
    partly: Region

    @model_validator(mode="after")
    def _wider(self) -> "Rule":
        inside = Interval(math.nan, self.claimed.at_least, self.claimed.at_most)
        if not self.partly.holds(inside) or self.partly == self.claimed:
            raise ValueError("partly must be wider than claimed")
        return self

    @abstractmethod
    def measure(self, runs: Sequence[Run]) -> Interval:
        """Measure the statistic with its 95 % interval; NaN where there is none."""

    def verdict(self, found: Interval) -> str:
        """Decide by the interval alone."""
        if math.isnan(found.low) or math.isnan(found.high):
            return UNDECIDED
        if self.claimed.holds(found):
            return CONFIRMED
        if self.partly.holds(found):
            return PARTLY
        return REFUTED if self.partly.excludes(found) else UNDECIDED


class Rate(Rule):
    """The share of an arm's runs in which something happens (Clopper & Pearson 1934)."""

    rule: Literal["rate"]
    of: Where
    event: Outcome = "solved"

    def measure(self, runs: Sequence[Run]) -> Interval:
        """Count."""
        found = [happened(self.event, run) for run in among(runs, self.of)]
        return share_interval(sum(found), len(found), LEVEL)


class RateDifference(Rule):
    """By how much an event is more frequent in one arm than in another.

    The interval is spanned by the two exact ones, each at half the error: it holds its level.
    """

    rule: Literal["rate_difference"]
    of: Where
    minus: Where
    event: Outcome = "solved"

    def measure(self, runs: Sequence[Run]) -> Interval:
        """Subtract."""
        each = []
        for where in (self.of, self.minus):
            found = [happened(self.event, run) for run in among(runs, where)]
            each.append(share_interval(sum(found), len(found), (1 + LEVEL) / 2))
        a, b = each
        return Interval(a.value - b.value, a.low - b.high, a.high - b.low)


class Level(Rule):
    """The median of a measure over an arm's seeds."""

    rule: Literal["level"]
    of: Where
    measured: Measure

    def measure(self, runs: Sequence[Run]) -> Interval:
        """Take the median."""
        return median_interval([MEASURES[self.measured](run) for run in among(runs, self.of)])


class Ratio(Rule):
    """The median over seeds of the ratio of a measure in two arms; a pair without both is left."""

    rule: Literal["ratio"]
    of: Where
    over: Where
    measured: Measure

    def measure(self, runs: Sequence[Run]) -> Interval:
        """Divide seed by seed."""
        pairs = paired(runs, self.of, self.over, self.measured)
        with np.errstate(invalid="ignore", divide="ignore"):
            return median_interval([float(np.divide(a, b)) for a, b in pairs])


class Difference(Rule):
    """The median over seeds of the difference of a measure between two arms."""

    rule: Literal["difference"]
    of: Where
    minus: Where
    measured: Measure

    def measure(self, runs: Sequence[Run]) -> Interval:
        """Subtract seed by seed."""
        pairs = paired(runs, self.of, self.minus, self.measured)
        return median_interval([a - b if a != b else 0.0 for a, b in pairs])


class Order(Rule):
    """How far the arms stand in the claimed order: the median over seeds of Kendall's tau.

    1: each seed has the order of `arms`, the greatest first; -1: the reverse.
    """

    rule: Literal["order"]
    arms: Annotated[list[Where], Field(min_length=2)]
    measured: Measure

    def measure(self, runs: Sequence[Run]) -> Interval:
        """Correlate seed by seed."""
        arms = [by_seed(runs, where) for where in self.arms]
        seeds = sorted(set.intersection(*(set(arm) for arm in arms)))
        return median_interval([self.tau([arm[seed] for arm in arms]) for seed in seeds])

    def tau(self, runs: Sequence[Run]) -> float:
        """Correlate the claimed order with that of a measure; 0 where all are equal."""
        values = [-MEASURES[self.measured](run) for run in runs]
        found: Any = kendalltau(range(len(values)), values)
        return float(found.statistic) if len(set(values)) > 1 else 0.0


class Trend(Rule):
    """Spearman's correlation of a measure with a setting, over all runs of an arm (25 or more)."""

    rule: Literal["trend"]
    of: Where
    along: str
    measured: Measure

    def measure(self, runs: Sequence[Run]) -> Interval:
        """Correlate; infinities rank as such."""
        pairs = [(r.setting(self.along), MEASURES[self.measured](r)) for r in among(runs, self.of)]
        known = np.array([(x, y) for x, y in pairs if not math.isnan(y)], float).reshape(-1, 2)
        found = rank_correlation([(known[:, 0], known[:, 1])], np.random.default_rng(0), 1)
        return correlation_interval(found.rho, found.pairs, LEVEL)


class Horizon(Rule):
    """The length up to which at least half of all runs succeed; 0 and infinity off the ladder."""

    rule: Literal["horizon"]
    of: Where
    event: Outcome = "solved"
    along: str = "task.length"

    def measure(self, runs: Sequence[Run]) -> Interval:
        """Find the interval of the length."""
        lengths: dict[int, list[bool]] = {}
        for run in among(runs, self.of):
            lengths.setdefault(int(run.setting(self.along)), []).append(happened(self.event, run))
        seen = {length: np.array(found) for length, found in lengths.items()}
        found = memory_horizon(seen, share=0.5)
        ends = (found.value or 0, found.low or 0, math.inf if found.high is None else found.high)
        return Interval(*map(float, ends))


Single = Annotated[
    Rate | RateDifference | Level | Ratio | Difference | Order | Trend | Horizon,
    Field(discriminator="rule"),
]


class Both(Part):
    """Several rules, all of which the claim needs."""

    rule: Literal["all"]
    rules: Annotated[list[Single], Field(min_length=2)]


AnyRule = Annotated[
    Rate | RateDifference | Level | Ratio | Difference | Order | Trend | Horizon | Both,
    Field(discriminator="rule"),
]


class Decision(Part):
    """What a rule found: the verdict, and the number that decided it."""

    verdict: str
    ours: Interval
    parts: tuple["Decision", ...] = ()
    decisive: int = 0  # the part whose number it is


def decide(rule: AnyRule, runs: Sequence[Run]) -> Decision:
    """Apply a rule to the runs of its experiment.

    Of several rules the claim is confirmed if all are, partly if some hold (or hold partly) and
    others are refuted, refuted if none holds and one is refuted; the number is that of the first
    rule that decides so: one that is refuted, else one that is not decided, else one that holds
    partly.
    """
    if not isinstance(rule, Both):
        found = rule.measure(runs)
        return Decision(verdict=rule.verdict(found), ours=found)
    parts = tuple(decide(part, runs) for part in rule.rules)
    said = {part.verdict for part in parts}
    rank = [(REFUTED, UNDECIDED, PARTLY, CONFIRMED).index(part.verdict) for part in parts]
    decisive = rank.index(min(rank))
    if said == {CONFIRMED}:
        verdict = CONFIRMED
    elif REFUTED in said:
        verdict = PARTLY if said & {CONFIRMED, PARTLY} else REFUTED
    else:
        verdict = UNDECIDED if UNDECIDED in said else PARTLY
    return Decision(verdict=verdict, ours=parts[decisive].ours, parts=parts, decisive=decisive)
