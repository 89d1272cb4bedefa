"""What it costs to open a packed study of many records, and how large a record is.

The records are copies of one of results/bench under other names, without curves and arrays.

    python benchmarks/packed.py [--records 10000]
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from longlag.records.pack import RECORDS, cached_pack
from longlag.records.reader import read_study
from longlag.records.record import as_text

TURNS = 5
BENCH = Path(__file__).parents[1] / "results" / "bench"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    count = parser.parse_args().records
    runs = read_study(BENCH).runs
    largest = max(len(as_text(run.record, None)) for run in runs)
    with tempfile.TemporaryDirectory() as place:
        with (Path(place) / RECORDS).open("w") as file:
            for k in range(count):
                record = runs[k % len(runs)].record
                file.write(as_text(replace(record, id=f"{record.id}-{k}", files={}), None) + "\n")
        times = sorted(opened(Path(place), count) for _ in range(TURNS))
    seconds, busy = times[TURNS // 2]
    print(
        f"{count} packed records open in {seconds:.2f} s ({busy:.2f} s of processor time; median "
        f"of {TURNS}); the largest takes {largest} bytes"
    )


def opened(folder: Path, count: int) -> tuple[float, float]:
    """Open a packed study anew; return the seconds on the wall and of the processor."""
    cached_pack.cache_clear()
    start, cpu = time.perf_counter(), time.process_time()
    found = len(read_study(folder).runs)
    assert found == count, f"{found} of {count} records were read"
    return time.perf_counter() - start, time.process_time() - cpu


if __name__ == "__main__":
    main()
