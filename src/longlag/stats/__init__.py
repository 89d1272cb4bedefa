"""What a handful of seeds allows to be said: plain NumPy, every draw from a given Generator."""

from longlag.stats.compare import concordance, performance_profile, probability_of_improvement
from longlag.stats.decay import Decay, fit
from longlag.stats.horizon import SHARE, Horizon, memory_horizon
from longlag.stats.interval import Interval, mean_interval, median_range, share_interval
from longlag.stats.rank import Correlation, correlation_interval, holm, rank_correlation

__all__ = [
    "SHARE",
    "Correlation",
    "Decay",
    "Horizon",
    "Interval",
    "concordance",
    "correlation_interval",
    "fit",
    "holm",
    "mean_interval",
    "median_range",
    "memory_horizon",
    "performance_profile",
    "probability_of_improvement",
    "rank_correlation",
    "share_interval",
]
