"""From the command line to one resolved config, and from a config to the identity of its run."""

import copy
import difflib
import hashlib
import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from longlag.errors import LonglagError
from longlag.runs.identity import code_of

# What cannot change a number, and so is no part of a run's identity.
INCIDENTAL = ("results", "logger", "study", "executor")


class Config(NamedTuple):
    """One resolved run: its values, and the names that were chosen in each group."""

    values: DictConfig
    names: dict[str, str]
    overrides: tuple[str, ...]

    @property
    def scientific(self) -> dict[str, Any]:
        """The values that the numbers depend on, as plain containers."""
        plain = OmegaConf.to_container(self.values, resolve=True)
        assert isinstance(plain, dict)
        return {str(k): v for k, v in plain.items() if k not in INCIDENTAL}

    @property
    def command(self) -> str:
        """The command that repeats the run."""
        telling = [o for o in self.overrides if key(o) not in INCIDENTAL]
        return shlex.join(["longlag", "train", *telling])

    @property
    def id(self) -> str:
        """cell-task-hash: equal for equal values and equal code, wherever they are written."""
        values = self.scientific
        text = json.dumps([values, code_of(values)], sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()[:10]
        return f"{self.names['cell']}-{self.names['task']}-{digest}"


def of_job(values: DictConfig) -> Config:
    """The config of a job that Hydra started; equal to `resolve` of its overrides."""
    hydra = HydraConfig.get()
    values = copy.deepcopy(values)
    OmegaConf.set_readonly(values, False)
    OmegaConf.set_struct(values, False)
    OmegaConf.resolve(values)
    return Config(values, group_names(hydra), tuple(hydra.overrides.task))


def group_names(hydra: Any) -> dict[str, str]:
    """What was chosen in each of longlag's own groups."""
    return {k: v for k, v in hydra.runtime.choices.items() if "/" not in k}


def folder() -> Path:
    """Where longlag's own config groups lie: in the repository, or inside the wheel."""
    here = Path(__file__).resolve().parents[1]
    inside, beside = here / "conf", here.parents[1] / "conf"
    return inside if inside.is_dir() else beside


def resolve(overrides: Sequence[str], config_dir: Path | None = None) -> Config:
    """Compose one run from `key=value` overrides.

    Args:
        overrides: as on the command line.
        config_dir: a folder with groups of the user's own (cell/, task/, ...).

    Raises:
        LonglagError: an unknown group, choice or key, with what is allowed and a suggestion.
    """
    return variants(overrides, [{}], config_dir)[0]


def variants(
    overrides: Sequence[str],
    changes: Iterable[Mapping[str, Any]],
    config_dir: Path | None = None,
) -> list[Config]:
    """`resolve` for many runs that differ in a few values; composed once, which is the slow part.

    Args:
        overrides: that all share.
        changes: for each run, values by dotted key, as if given last on the command line.
        config_dir: as for `resolve`.

    Raises:
        LonglagError: as for `resolve`.
    """
    search = []
    if config_dir is not None:
        if not config_dir.is_dir():
            raise LonglagError(f"--config-dir: there is no folder {config_dir}")
        search = [f"hydra.searchpath=[file://{config_dir.resolve()}]"]
    GlobalHydra.instance().clear()
    found = []
    with initialize_config_dir(str(folder()), version_base="1.3"):
        try:
            values = compose("config", [*overrides, *search], return_hydra_config=True)
            names = group_names(values.hydra)
            OmegaConf.set_readonly(values, False)
            OmegaConf.set_struct(values, False)
            del values["hydra"]
            refuse_additions(values, overrides)
            for change in changes:
                one = copy.deepcopy(values)
                for name, value in change.items():
                    OmegaConf.update(one, name, value)
                OmegaConf.resolve(one)
                more = (f"{name}={value}" for name, value in change.items())
                found.append(Config(one, names, (*overrides, *more)))
        except (HydraException, OmegaConfBaseException) as error:
            raise LonglagError(explain(error, overrides)) from error
    return found


def refuse_additions(values: DictConfig, overrides: Sequence[str]) -> None:
    """A key of its own (`+x=1`) would be accepted and have no effect: refuse it.

    Raises:
        LonglagError: such a key, with the keys that there are.
    """
    added = {o[1:].split("=")[0] for o in overrides if o.startswith("+") and "." not in o}
    for key in added & set(values):
        allowed = [str(k) for k in values if k not in added]
        raise LonglagError(
            f"unknown key {key!r}{meant(key, allowed)}; allowed: {', '.join(allowed)}"
        )


def explain(error: Exception, overrides: Sequence[str]) -> str:
    """Say in one line what Hydra refused, what it would have taken and what was perhaps meant."""
    text = str(error)
    if found := re.search(r"Could not find '(\w+)/([^']+)'", text):
        group, name = found.groups()
        options = re.findall(r"^\t(\w+)$", text, re.MULTILINE)
        return f"unknown {group} {name!r}{meant(name, options)}; allowed: {', '.join(options)}"
    if found := re.search(r"Could not override '([^']+)'", text):
        wrong = found.group(1)
        known = keys(resolve([o for o in overrides if not path_of(o).startswith(wrong)]).values)
        near = [k for k in known if key(k) == key(wrong)] or known
        allowed = [k for k in near if k.count(".") == wrong.count(".")]
        allowed = allowed or [k for k in known if "." not in k]
        return f"unknown key {wrong!r}{meant(wrong, known)}; allowed: {', '.join(allowed)}"
    first = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    return f"cannot read the overrides {' '.join(overrides)!r}: {first}; write key=value"


def meant(word: str, options: Sequence[str]) -> str:
    """`: did you mean x?`, or nothing."""
    near = difflib.get_close_matches(word, options, 1, 0.5)
    return f" (did you mean {near[0]!r}?)" if near else ""


def keys(values: DictConfig, prefix: str = "") -> list[str]:
    """Every key of a config, dotted."""
    found = []
    for name in values:
        found.append(f"{prefix}{name}")
        child = values._get_node(name)
        if isinstance(child, DictConfig) and not child._is_none():
            found += keys(child, f"{prefix}{name}.")
    return found


def path_of(override: str) -> str:
    """The dotted key of an override: `task.length` of `task.length=5`."""
    return override.split("=")[0].lstrip("+~")


def key(override: str) -> str:
    """The first part of it: `task` of `task.length=5`."""
    return path_of(override).split(".")[0]
