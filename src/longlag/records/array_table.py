"""The arrays of many runs as a few columns, for a file of its own each would be mostly heads."""

from collections.abc import Iterable

import numpy as np

from longlag.records.side_files import Arrays


def table_of(arrays: Iterable[tuple[str, Arrays]]) -> Arrays:
    """Put the arrays of runs one behind another; `arrays_by_run` takes them apart again.

    `ids` and `counts` say how many arrays each run has; `names`, `kinds`, `dims` and `sizes` each
    array's name, its type, how many axes it has and how long they are.  Column k, as "k", holds
    the numbers of every array of type k.

    Args:
        arrays: the id of a run, and its arrays by name.
    """
    ids, counts, names, kinds, dims, sizes = [], [], [], [], [], []
    columns: dict[np.dtype, list[np.ndarray]] = {}
    for run_id, found in arrays:
        ids.append(run_id)
        counts.append(len(found))
        for name, values in found.items():
            column = columns.setdefault(values.dtype, [])
            column.append(values.ravel())
            names.append(name)
            kinds.append(list(columns).index(values.dtype))
            dims.append(values.ndim)
            sizes += values.shape
    table: Arrays = {"ids": np.array(ids, np.str_), "names": np.array(names, np.str_)}
    for name, column in zip(
        ("counts", "kinds", "dims", "sizes"), (counts, kinds, dims, sizes), strict=True
    ):
        table[name] = np.array(column, np.int64)
    return table | {str(k): np.concatenate(c) for k, c in enumerate(columns.values())}


def arrays_by_run(table: Arrays) -> dict[str, Arrays]:
    """Take a table apart: the arrays of each run, by name.

    Raises:
        ValueError: its columns do not fit together.
        KeyError: it lacks one.
    """
    heads = zip(*(table[name].tolist() for name in ("names", "kinds", "dims")), strict=True)
    sizes, ends = iter(table["sizes"].tolist()), dict[int, int]()
    found: dict[str, Arrays] = {}
    for run_id, count in zip(table["ids"].tolist(), table["counts"].tolist(), strict=True):
        own = found.setdefault(run_id, {})
        for _ in range(count):
            name, kind, dim = next(heads)
            shape = tuple(next(sizes) for _ in range(dim))
            start = ends.get(kind, 0)
            ends[kind] = start + int(np.prod(shape, dtype=np.int64))
            own[name] = table[str(kind)][start : ends[kind]].reshape(shape)
    return found
