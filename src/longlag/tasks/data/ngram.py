"""A model of the last few symbols alone: what a text's answer without long memory is worth."""

import numpy as np


def surprise(train: np.ndarray, test: np.ndarray, size: int, order: int) -> np.ndarray:
    """Compute -ln p of each symbol of `test` from the `order` - 1 before it: (N,) nats.

        p_n(s | h) = (n(h s) + r(h) p_(n-1)(s | h')) / (n(h) + r(h)),   p_0 = 1 / size

    n counts occurrences, r(h) the different symbols that follow h, and h' is h without its oldest
    symbol.  At the beginning of `test` the contexts are shorter.

    Args:
        train: symbols 0 .. size - 1.
        test: the same.
        size: of the alphabet.
        order: 1: frequencies of symbols; 2: given the one before; ...

    Source: Witten & Bell 1991, method C, interpolated (Chen & Goodman 1999, equation 13).
    """
    p = np.full(len(test), 1 / size)
    for n in range(1, order + 1):
        grams, counts = np.unique(codes(train, size, n), return_counts=True)
        contexts, index, kinds = np.unique(grams // size, return_inverse=True, return_counts=True)
        totals = np.bincount(index, weights=counts)
        asked = codes(test, size, n)
        seen = found(grams, counts, asked)
        total, kind = (found(contexts, value, asked // size) for value in (totals, kinds))
        known = total > 0
        later = p[n - 1 :]
        p[n - 1 :] = np.where(
            known, (seen + kind * later) / np.where(known, total + kind, 1), later
        )
    return -np.log(p)


def codes(symbols: np.ndarray, size: int, n: int) -> np.ndarray:
    """Write each run of n symbols as one number, the newest symbol its last digit: (N-n+1,)."""
    table = np.lib.stride_tricks.sliding_window_view(symbols.astype(np.int64), n)
    return table @ size ** np.arange(n - 1, -1, -1, dtype=np.int64)


def found(keys: np.ndarray, values: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Look up the value of each asked key; 0 where there is none.  Keys are sorted."""
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, values[place], 0)
