"""What a handful of seeds allows to be said: plain NumPy, every draw from a given Generator."""

from longlag.stats.compare import performance_profile, probability_of_improvement
from longlag.stats.decay import Decay, fit
from longlag.stats.horizon import memory_horizon
from longlag.stats.interval import Interval, bootstrap, wilson
from longlag.stats.iqm import iqm, stratified_iqm
from longlag.stats.rank import rank_correlation

__all__ = [
    "Decay",
    "Interval",
    "bootstrap",
    "fit",
    "iqm",
    "memory_horizon",
    "performance_profile",
    "probability_of_improvement",
    "rank_correlation",
    "stratified_iqm",
    "wilson",
]
