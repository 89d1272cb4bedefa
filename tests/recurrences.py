"""The choices of conf/cell that are recurrences: all but the references, by what they build."""

from pathlib import Path

from omegaconf import OmegaConf

from longlag.cells import Cell
from longlag.runs.identity import import_target

CONF = Path(__file__).parents[1] / "conf" / "cell"
YAMLS = [
    path
    for path in sorted(CONF.glob("*.yaml"))
    if issubclass(import_target(OmegaConf.load(path)["_target_"]), Cell)
]
