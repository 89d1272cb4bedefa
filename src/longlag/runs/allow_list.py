"""What may be built from a record, which may be a stranger's: an allow-list, and nothing else.

Hydra builds whatever a `_target_` names, a shell command too, so its own list of forbidden modules
protects nobody.  From a record may be built what longlag's own conf/ names, the optimisers of
torch.optim, and what the yaml files of the `--config-dir` of this command line name.
"""

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from longlag.errors import LonglagError
from longlag.records.headers import folder
from longlag.runs.identity import targets, walk

GROUPS = ("cell", "task", "model", "optim", "trainer", "probe")  # of conf/, that a record holds
SPECIAL = ("_target_", "_partial_", "_convert_")  # all that longlag's own files say to Hydra


def refuse_strangers(config: Mapping[str, Any], config_dir: Path | None = None) -> None:
    """Look through the configuration of a record before anything of it is built.

    Args:
        config: plain containers, as the record holds them.
        config_dir: the folder with groups of the user's own, of this command line.

    Raises:
        LonglagError: it names something that is not on the list, or holds an interpolation.
    """
    allowed = allowed_targets(config_dir)
    for key, value in walk(config):
        if key == "_target_" and not (isinstance(value, str) and value in allowed):
            raise LonglagError(
                f"the record asks for {str(value)[:80]!r}, which is neither longlag's own nor "
                "named in a yaml file of --config-dir, so it is not run; if it is yours, give "
                "--config-dir DIR with the file that names it"
            )
        if key.startswith("_") and key not in SPECIAL:
            raise LonglagError(
                f"the record holds {key!r}, which longlag never writes; it is not run"
            )
        if isinstance(value, str) and "${" in value:
            raise LonglagError(
                f"the record holds the interpolation {value[:80]!r}, which longlag never writes; "
                "it is not run"
            )


def allowed_targets(config_dir: Path | None) -> frozenset[str]:
    """Return the dotted names of everything that may be built."""
    return own_targets().union([] if config_dir is None else named_in(config_dir))


@functools.cache
def own_targets() -> frozenset[str]:
    """Return what longlag's own conf/ names, and the optimisers of torch."""
    optimisers = (
        f"torch.optim.{name}"
        for name, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer)
    )
    names = (name for group in GROUPS for name in named_in(folder() / group))
    return frozenset([*optimisers, *names])


def named_in(place: Path) -> Iterator[str]:
    """Yield the targets that the yaml files below a folder name; one that is no yaml has none."""
    for path in sorted(place.rglob("*.yaml")):
        try:
            values = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
        except Exception:  # any: not this command's business; composing it would say what is wrong
            continue
        yield from targets(values)
