"""Where the nets of experiment 4 of 1997 are wrong: by how near the target is to an end of [0, 1].

Needs the weights of its runs, which are not committed:

    longlag bench claim=lstm97-exp4 results=again
    python benchmarks/errors_of_1997.py again/claims/lstm97-exp4
"""

import itertools
import sys
from pathlib import Path

import torch

from longlag.records.reader import read_study
from longlag.runs.restore import restore_run

COUNT, RIGHT = 2560, 0.04  # the paper's test set, and its tolerance
EDGES = (0.0, 0.03, 0.06, 0.1, 0.2, 0.5)


def errors(folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Errors and targets of test sequences."""
    run, task, model = restore_run(folder)
    batch = task.batch("test", run.record.seeds["data"], 0, COUNT)
    with torch.no_grad():
        found = model(batch.x).prediction
    asked = batch.weight > 0  # one step of each sequence
    return (found - batch.target)[asked].abs().flatten(), batch.target[asked].flatten()


def main() -> None:
    runs = [r for r in read_study(Path(sys.argv[1])).final if r.setting("cell.truncated")]
    found = [errors(run.folder) for run in runs]
    error, target = (torch.cat(each) for each in zip(*found, strict=True))
    wrong, near = error >= RIGHT, torch.minimum(target, 1 - target)
    print(f"{len(runs)} nets, {wrong.float().mean():.2%} of {len(error)} sequences wrong")
    print("target from 0 or 1   of all   of these wrong   of the wrong")
    for low, high in itertools.pairwise(EDGES):
        here = (near >= low) & (near < high)
        shares = here.float().mean(), wrong[here].float().mean(), (wrong & here).sum() / wrong.sum()
        print(f"{low:.2f} to {high:.2f} " + "".join(f"{share:15.2%}" for share in shares))


if __name__ == "__main__":
    main()
