"""Measured series to forecast one step ahead: the past for training, the future for the test."""

import warnings
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import torch
from torch import Generator

from longlag.errors import need
from longlag.tasks.base import SPLITS, Batch, Split, Windows, require
from longlag.tasks.data.cache import Arrays, cached, own
from longlag.tasks.forecast import Forecast

SHARES = (0.6, 0.2, 0.2)  # of the series, in the order of time: train, validation, test


@dataclass(frozen=True, kw_only=True)
class Series(Windows, Forecast):
    """What all of them share: windows of one standardised series, cut in the order of time.

    The first 60 % are for training, the next 20 % for validation, the last 20 % for the test; no
    window crosses a cut.  A training batch has windows at random places; validation and test are
    covered from their beginning, each value asked once.  Nothing is asked at a window's first 8
    steps.  Simple answers are fitted to the training part and measured on the test.

    Args:
        length: T, steps of a window.
    """

    version = 2
    ladder = ()
    degree = 1  # there are too few values for more
    package: ClassVar[str]
    licence: ClassVar[str]

    def check(self) -> None:
        """Refuse what is out of range."""
        least = self.order + 1
        require(self.name, length=(self.length, self.length >= least, f"at least {least}"))

    @abstractmethod
    def read(self) -> Arrays:
        """Read from the package: x (N,), in the order of time."""

    @cached_property
    def pieces(self) -> dict[Split, torch.Tensor]:
        """Return the series of each split (N,1), standardised by the training part."""
        name = f"{self.name}-{self.version}"
        x = (cached(name, self.read) if own(self) else self.read())["x"].astype(np.float64)
        cuts = np.round(np.cumsum(SHARES[:-1]) * len(x)).astype(int)
        parts = np.split(x, cuts)
        shortest = min(map(len, parts))
        rule = f"less than {shortest}, the values of the shortest split"
        require(self.name, length=(self.length, self.length < shortest, rule))
        mean, deviation = parts[0].mean(), parts[0].std()
        scaled = [torch.from_numpy((part - mean) / deviation).float()[:, None] for part in parts]
        return dict(zip(SPLITS, scaled, strict=True))

    def cut(self, split: Split, starts: torch.Tensor) -> Batch:
        """Cut the windows that begin at these values of a split."""
        place = torch.arange(self.length)[:, None] + starts
        series, weight = self.pieces[split], torch.ones(self.length, len(starts))
        weight[: self.order] = 0
        return Batch(series[place], series[place + 1], weight)

    def draw(self, split: Split, batch_size: int, rng: Generator) -> Batch:
        """Draw windows at uniform places of a split."""
        places = len(self.pieces[split]) - self.length
        return self.cut(split, torch.randint(places, (batch_size,), generator=rng))

    def evaluation(self, split: Split, seed: int, size: int, batch_size: int) -> Iterator[Batch]:
        """Yield the windows that ask each value of the split once, or the first `size`."""
        last = len(self.pieces[split]) - self.length - 1
        starts = torch.arange(0, last + 1, self.length - self.order)
        if starts[-1] < last:
            starts = torch.cat([starts, torch.tensor([last])])
        starts = starts[:size]
        for begin in range(0, len(starts), batch_size):
            part = starts[begin : begin + batch_size]
            batch = self.cut(split, part)
            if begin + batch_size >= len(starts) and len(starts) > 1:
                asked = starts[-2] + self.length - starts[-1]  # by the window before the last
                batch.weight[:asked, -1] = 0
            yield batch

    def known(self) -> tuple[Batch, Batch]:
        """Return the training part and the test, each as one window."""
        n = len(self.pieces["train"])
        return self.whole("train", n), self.whole("test", n)

    def whole(self, split: Split, most: int) -> Batch:
        """Return a split as one window."""
        series = self.pieces[split][:most, None]
        return Batch(series[:-1], series[1:], torch.ones(len(series) - 1, 1))


@dataclass(frozen=True, kw_only=True)
class Laser(Series):
    """Forecast the intensity of a chaotic far-infrared laser: the Santa Fe competition's set A.

        ... 86 141 95 41 22  ->  21

    10 093 values.  Its bursts end in collapses that a linear model does not see coming.

    Args:
        length: T, steps of a window.
    """

    length: int = 200

    name = "laser"
    source = "Huebner et al. 1989; Weigend & Gershenfeld 1993, Santa Fe set A (reservoirpy)"
    package = "reservoirpy"
    licence = "published for the competition, no licence named; reservoirpy: MIT"

    def read(self) -> Arrays:
        """Read reservoirpy's package."""
        load = need("reservoirpy.datasets").santafe_laser
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # it leaves its file open
            series = load()
        return {"x": np.asarray(series).reshape(-1)}


@dataclass(frozen=True, kw_only=True)
class Sunspots(Series):
    """Forecast the number of sunspots of the next year, from 1700 to 2008.

        ... 9.6 33.2 92.6 151.6 136.3  ->  134.7

    309 values: a cycle of about 11 years, whose height differs.  The test begins in 1947 and has
    higher maxima than the training part.

    Args:
        length: T, years of a window.
    """

    length: int = 33

    name = "sunspots"
    source = "yearly sunspot numbers 1700-2008 (NGDC, statsmodels); Yule 1927"
    package = "statsmodels"
    licence = "public domain; statsmodels: BSD"

    def read(self) -> Arrays:
        """Read statsmodels' package."""
        data = need("statsmodels.datasets.sunspots").load_pandas().data
        return {"x": data["SUNACTIVITY"].to_numpy(dtype=np.float64)}


@dataclass(frozen=True, kw_only=True)
class ElNino(Series):
    """Forecast the next month's temperature of the sea off Peru, from 1950 to 2010.

        ... 23.1 24.2 25.4 23.9 23.0  ->  21.6   (degrees Celsius)

    732 values: the year's cycle, and every few years El Nino.

    Args:
        length: T, months of a window.
    """

    length: int = 60

    name = "el_nino"
    source = "NOAA ERSST.V3B, Nino 1+2, 1950-2010 (statsmodels)"
    package = "statsmodels"
    licence = "public domain; statsmodels: BSD"

    def read(self) -> Arrays:
        """Read statsmodels' package, a row of months a year."""
        data = need("statsmodels.datasets.elnino").load_pandas().data
        return {"x": data.drop(columns="YEAR").to_numpy(dtype=np.float64).reshape(-1)}
