"""The files beside a record, read as a whole or named: curve, probe, laboratory, extrapolation."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from longlag.records.plain_text import harmless, refuse_names

Arrays = dict[str, np.ndarray]


class CurvePoint(NamedTuple):
    """One number of a learning curve."""

    step: int
    sequences: int  # seen in training until then
    split: str
    metric: str
    value: float


COLUMNS = CurvePoint._fields


def curve_text(points: Iterable[CurvePoint]) -> str:
    """Write a learning curve as CSV; `curve_of` reads the same numbers back."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\r\n")
    table.writerow(COLUMNS)
    table.writerows(points)
    return file.getvalue()


def curve_of(data: bytes) -> list[CurvePoint]:
    """Read a curve.csv.

    Raises:
        ValueError: it is none, or cut off.
    """
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    if not rows or tuple(rows[0]) != COLUMNS:
        raise ValueError(f"its first line is not {','.join(COLUMNS)}")
    if any(len(row) != len(COLUMNS) for row in rows) or not data.endswith(b"\n"):
        raise ValueError("a line is cut off")
    refuse_names({word for row in rows[1:] for word in row[2:4]})
    return [CurvePoint(int(s), int(n), split, name, float(v)) for s, n, split, name, v in rows[1:]]


def arrays_of(data: bytes) -> Arrays:
    """Read every array of an npz; pickles are never opened.

    Raises:
        ValueError: it is none, cut off, or holds pickles.
    """
    try:
        file = np.load(io.BytesIO(data), allow_pickle=False)
        if isinstance(file, np.lib.npyio.NpzFile):
            refuse_names(name for name in file.files if not name.isdecimal())
            return {name: file[name] for name in file.files}
    except Exception as error:  # any: nobody knows what a foreign file makes NumPy raise
        raise ValueError(str(error) or type(error).__name__) from error
    raise ValueError("it is no npz")


def extrapolation_of(data: bytes) -> dict[str, Any]:
    """Read an extrapolation.json.

    Raises:
        ValueError: it is none, or cut off.
    """
    found = harmless(json.loads(data))
    if not isinstance(found, dict) or not found.get("points"):
        raise ValueError("it holds no points")
    return found


def probe_of(data: bytes) -> Arrays:
    """Read a probe.npz, which holds the array `steps`; ValueError as `arrays_of`."""
    found = arrays_of(data)
    if "steps" not in found:
        raise ValueError("it holds no array `steps`, as every probe.npz does")
    return found


def laboratory_of(data: bytes) -> Arrays:
    """Read a laboratory.npz, of arrays init/... and trained/...; ValueError as `arrays_of`."""
    found = arrays_of(data)
    if foreign := [name for name in found if name.split("/")[0] not in ("init", "trained")]:
        raise ValueError(f"it holds {foreign[0]!r}, which is neither init/... nor trained/...")
    return found


READERS: Mapping[str, Callable[[bytes], Any]] = {
    "curve.csv": curve_of,
    "probe.npz": probe_of,
    "laboratory.npz": laboratory_of,
    "extrapolation.json": extrapolation_of,
}


def digest(content: Iterable[CurvePoint] | Mapping[str, Any]) -> str:
    """Return a fingerprint of a curve, of arrays or of plain values, whatever file holds them."""
    found = hashlib.sha256()
    if not isinstance(content, Mapping):
        found.update(curve_text(content).encode())
        return found.hexdigest()[:16]
    for name, values in sorted(content.items()):
        if isinstance(values, np.ndarray):
            found.update(f"{name} {values.dtype.str} {values.shape} ".encode())
            found.update(np.ascontiguousarray(values).tobytes())
        else:
            found.update(json.dumps([name, values]).encode())
    return found.hexdigest()[:16]


class Path(NamedTuple):
    """A part of the state of one cell of a model: a path of the gradient."""

    layer: int  # of the cell, as probe.npz counts
    leaf: str  # h, c, ...


def parts(names: set[str], kind: str) -> list[Path]:
    """List the arrays `kind`/<cell>/<name> among `names`, cells from the input up."""
    split = [name.split("/") for name in names if name.startswith(f"{kind}/")]
    return sorted(Path(int(cell), leaf) for _, cell, leaf in split)


def profile(probe: Mapping[str, np.ndarray], path: Path, at: int) -> np.ndarray | None:
    """Return ||dL/ds|| of one path over the lag (K,); None if it was not probed.

    Args:
        probe: the arrays of probe.npz.
        path: the part of the state.
        at: 0, at initialisation, or -1, after training: of the weights that validation chose or,
            in records that lack them, of the last step.
    """
    name = f"profile/{path.layer}/{path.leaf}"
    rows = probe.get(name)
    if rows is None or not len(rows):
        return None
    return probe.get(f"chosen/{name}", rows[-1]) if at == -1 else rows[at]
