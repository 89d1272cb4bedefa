"""Where in a tensor a number lies, as a linear function of the loops around it.

An index is `start + stride_0 * b + sum of stride_i * i`: b is the sequence, the others are the axes
of a loop.  Views of a tensor only change such indices, so that none has to be computed.
"""

import math
from typing import NamedTuple


class Index(NamedTuple):
    """A linear function of the sequence b and of a loop's axes."""

    start: int = 0
    strides: tuple[int, ...] = (0,)  # of b first

    def __add__(self, other: object) -> "Index":  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return the sum of two."""
        if isinstance(other, int):
            return Index(self.start + other, self.strides)
        assert isinstance(other, Index)
        n = max(len(self.strides), len(other.strides))
        one, two = (i.strides + (0,) * (n - len(i.strides)) for i in (self, other))
        return Index(self.start + other.start, tuple(a + b for a, b in zip(one, two, strict=True)))

    def times(self, factor: int) -> "Index":
        """Return it multiplied by a number."""
        return Index(self.start * factor, tuple(s * factor for s in self.strides))


ZERO = Index()


def along_axis(i: int, stride: int = 1) -> Index:
    """Return the index along axis `i` of a loop; -1 is the sequence b."""
    return Index(0, (0,) * (i + 1) + (stride,))


def flat_index(shape: tuple[int, ...], index: list[Index]) -> Index:
    """Return where `index` lies in a contiguous tensor of that shape."""
    total = ZERO
    for size, i in zip(shape, index, strict=True):
        total = total.times(size) + i
    return total


def unflatten_index(
    index: Index, shape: tuple[int, ...], sizes: tuple[int, ...]
) -> list[Index] | None:
    """Return the index on each axis of `shape` of a flat one; None if it is not linear.

    Args:
        index: of a contiguous tensor of that shape.
        shape: of the tensor.
        sizes: of b and of the loop's axes.
    """
    found: list[Index] = []
    for i in range(len(shape)):
        step = math.prod(shape[i + 1 :])
        whole = tuple(s // step if s % step == 0 else 0 for s in index.strides)
        here = Index(index.start // step, whole)
        index = Index(
            index.start % step,
            tuple(s - w * step for s, w in zip(index.strides, whole, strict=True)),
        )
        reach = sum(s * (n - 1) for s, n in zip(index.strides, sizes, strict=False))
        if index.start + reach >= step or any(s < 0 for s in index.strides):
            return None
        found.append(here)
    return found
