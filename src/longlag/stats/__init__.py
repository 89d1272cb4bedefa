"""What a handful of seeds allows to be said: plain NumPy, every draw from a given Generator."""

from longlag.stats.compare import (
    Difference,
    concordance,
    paired_difference,
    performance_profile,
    probability_of_improvement,
)
from longlag.stats.critical_difference import Ranking, critical_difference
from longlag.stats.decay import Decay, fit
from longlag.stats.horizon import SHARE, Horizon, memory_horizon
from longlag.stats.interval import (
    Interval,
    mean_interval,
    median_range,
    share_interval,
)
from longlag.stats.rank import Correlation, correlation_interval, holm, rank_correlation

__all__ = [
    "SHARE",
    "Correlation",
    "Decay",
    "Difference",
    "Horizon",
    "Interval",
    "Ranking",
    "concordance",
    "correlation_interval",
    "critical_difference",
    "fit",
    "holm",
    "mean_interval",
    "median_range",
    "memory_horizon",
    "paired_difference",
    "performance_profile",
    "probability_of_improvement",
    "rank_correlation",
    "share_interval",
]
