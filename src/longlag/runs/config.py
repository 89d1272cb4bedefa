"""From the command line to one resolved config, and from a config to the identity of its run."""

import hashlib
import itertools
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override, Quote, QuotedString
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from longlag.errors import LonglagError, did_you_mean
from longlag.records.discretion import told, told_override
from longlag.records.headers import folder
from longlag.records.record import written
from longlag.runs.fill import Settings
from longlag.runs.identity import code_of, files_of
from longlag.runs.settings import check_settings

# What cannot change a number, and so is no part of a run's identity.
INCIDENTAL = ("results", "logger", "study", "executor", "checkpoint")


@dataclass(frozen=True)
class Config:
    """One resolved run: its values, and the names that were chosen in each group."""

    plain: dict[str, Any]  # plain containers, interpolations resolved; not to be changed
    names: dict[str, str]
    overrides: tuple[str, ...]
    config_dir: Path | None = None  # of the user's own groups

    @cached_property
    def values(self) -> DictConfig:
        """Return the values to be read as attributes."""
        return OmegaConf.create(self.plain)

    @property
    def scientific(self) -> dict[str, Any]:
        """Return the values that the numbers depend on, as plain containers that may be written."""
        return told({k: v for k, v in self.plain.items() if k not in INCIDENTAL})

    @property
    def command(self) -> str:
        """Return the command that trains the run again, in a folder of its own."""
        telling = [o for o in self.overrides if first_part(o) not in INCIDENTAL]
        telling = [told_override(o) for o in telling]
        own = [] if self.config_dir is None else ["--config-dir", told(str(self.config_dir))]
        return shlex.join(["longlag", "train", *own, *telling, "results=again"])

    @property
    def id(self) -> str:
        """Return cell-task-hash: equal for equal values, code and files, wherever they are written.

        Raises:
            LonglagError: the config names a class that cannot be imported.
        """
        values = self.scientific
        named = code_of(values) | files_of(values)
        text = json.dumps([values, named], sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()[:10]
        return f"{self.names['cell']}-{self.names['task']}-{digest}"


class Template(NamedTuple):
    """Values of many runs that differ in a few; composing them is the slow part, and done once."""

    settings: Settings
    names: dict[str, str]
    overrides: tuple[str, ...]
    config_dir: Path | None

    def at(self, changes: Mapping[str, Any]) -> Config:
        """Return one run, with values by dotted key as if given last on the command line.

        Raises:
            LonglagError: a value that is not allowed.
        """
        more = tuple(f"{name}={value}" for name, value in changes.items())
        try:
            plain = self.settings.fill(changes)
        except OmegaConfBaseException as error:
            raise LonglagError(explain(error, (*self.overrides, *more), self.config_dir)) from error
        check_settings(plain)
        return Config(plain, self.names, (*self.overrides, *more), self.config_dir)


def resolve(overrides: Sequence[str], config_dir: Path | None = None) -> Config:
    """Compose one run from `key=value` overrides.

    Args:
        overrides: as on the command line.
        config_dir: a folder with groups of the user's own (cell/, task/, ...).

    Raises:
        LonglagError: an unknown group, choice or key, or a value that is not allowed, with what is
            allowed and a suggestion.
    """
    return template(overrides, config_dir).at({})


def template(
    overrides: Sequence[str],
    config_dir: Path | None = None,
    names: Mapping[str, str] | None = None,
) -> Template:
    """Run `resolve` for many runs that differ in a few values.

    Args:
        overrides: that all share.
        config_dir: as for `resolve`.
        names: further names that the runs go by, such as that of their study.

    Raises:
        LonglagError: an unknown group, choice or key.
    """
    try:
        values, chosen = composed(overrides, config_dir)
    except LonglagError:
        raise
    except Exception as error:  # any: Hydra also raises ValueError, KeyError and others
        raise LonglagError(explain(error, overrides, config_dir)) from error
    chosen |= names or {}
    return Template(Settings.of(values), chosen, tuple(overrides), config_dir)


def composed(
    overrides: Sequence[str], config_dir: Path | None = None
) -> tuple[DictConfig, dict[str, str]]:
    """Return what Hydra makes of overrides: the values, and the choices of longlag's own groups."""
    search = []
    if config_dir is not None:
        if not config_dir.is_dir():
            raise LonglagError(f"--config-dir: there is no folder {config_dir}")
        search = [f"hydra.searchpath=[{quoted(f'file://{config_dir.resolve()}')}]"]
    if nameless := [word for word in overrides if not path_of(word)]:
        raise LonglagError(f"cannot read {nameless[0]!r}: write key=value")
    if own := [word for word in overrides if path_of(word).partition("/")[0].startswith("hydra")]:
        raise LonglagError(
            f"{own[0]} has no effect: Hydra composes the settings, and longlag runs them; results= "
            "is the folder of the records, executor= what carries the runs"
        )
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(folder()), version_base="1.3"):
        words = [readable(word) for word in overrides]
        values = compose("config", [*words, *search], return_hydra_config=True)
    names = {k: v for k, v in values.hydra.runtime.choices.items() if "/" not in k}
    for group in ("cell", "task"):
        if group not in names:
            raise LonglagError(f"{group} must be one name; `longlag list {group}s` shows them")
    for group, name in names.items():
        try:
            written(name or "none")
        except ValueError:
            raise LonglagError(
                f"{group}={name!r}: the name of a yaml may hold letters, digits, spaces and "
                "_ - . + @, for records and pages show it; give the file another name"
            ) from None
    OmegaConf.set_readonly(values, False)
    OmegaConf.set_struct(values, False)
    del values["hydra"]
    return values, names


def readable(word: str) -> str:
    """Write an override as Hydra's grammar reads it: a path with any letter in it is quoted."""
    name, equals, value = word.partition("=")
    if name == "results" and value and value[0] not in "'\"" and "${" not in value:
        return f"{name}={quoted(value)}"
    if equals and parsed(word) is None and parsed(f"{name}={quoted(value)}") is not None:
        return f"{name}={quoted(value)}"
    return word


def quoted(text: str) -> str:
    """Put a text in the quotes of Hydra's grammar."""
    return QuotedString(text, Quote.single).with_quotes()


def parsed(word: str) -> Override | None:
    """Parse an override as Hydra understands it; None if it does not."""
    try:
        return OverridesParser.create().parse_override(word)
    except HydraException:
        return None


def expand_sweeps(words: Sequence[str], config_dir: Path | None = None) -> list[list[str]]:
    """List every combination of `cell=rnn,lstm seed=range(3)`, in Hydra's order.

    Raises:
        LonglagError: a sweep without an end, such as interval(0,1).
    """
    each = []
    for word in words:
        override = parsed(readable(word))
        if override is None or not override.is_sweep_override():
            each.append([word])
        else:
            name = override.get_key_element()
            each.append([f"{name}={value}" for value in sweep_values(override, config_dir)])
            if not each[-1]:
                raise LonglagError(f"{word} names no value at all")
    return [list(combination) for combination in itertools.product(*each)]


def choices_of(words: Sequence[str], group: str, config_dir: Path | None = None) -> list[str]:
    """List the choices that words make in a group: rnn and lstm of `cell=rnn,lstm`."""
    found: list[str] = []
    for word in words:
        if path_of(word) == group:
            override = parsed(readable(word))
            found = [word.partition("=")[2]]
            if override is not None and override.is_sweep_override():
                found = sweep_values(override, config_dir)
    return found


def sweep_values(override: Override, config_dir: Path | None) -> list[str]:
    """List the values of a sweep as text; of a glob the choices of its group that match."""
    value: Any = override.value()
    if isinstance(value, Glob):
        folders = [folder(), *([] if config_dir is None else [config_dir])]
        paths = (p for top in folders for p in (top / override.key_or_group).glob("*.yaml"))
        return value.filter(sorted({path.stem for path in paths}))
    if not override.is_discrete_sweep():
        raise LonglagError(
            f"{override.input_line} is no list of values; give {override.key_or_group}=A,B,C"
        )
    try:
        return list(override.sweep_string_iterator())
    except ValueError as error:  # range(1,2,0)
        raise LonglagError(f"{override.input_line}: {error}") from error


def explain(error: Exception, overrides: Sequence[str], config_dir: Path | None = None) -> str:
    """Say in one line what Hydra refused, what it would have taken and what was perhaps meant."""
    text = str(error)
    if found := re.search(r"Could not find '(\w+)/([^']+)'", text):
        group, name = found.groups()
        options = re.findall(r"^\t(\w+)$", text, re.MULTILINE)
        return (
            f"unknown {group} {name!r}{did_you_mean(name, options)}; allowed: {', '.join(options)}"
        )
    for word in overrides:
        if "=" not in word or parsed(readable(word)) is None:
            return f"cannot read {word!r}: write key=value, with quotes around odd values"
    if found := re.search(r"Could not (?:override|append to config.*?at) '([^']+)'", text):
        wrong = found.group(1)
        rest = [o for o in overrides if not path_of(o).startswith(wrong)]
        known = keys(composed(rest, config_dir)[0])
        near = [k for k in known if first_part(k) == first_part(wrong)] or known
        allowed = [k for k in near if k.count(".") == wrong.count(".")]
        allowed = allowed or [k for k in known if "." not in k]
        if wrong in known:
            inside = ", ".join(k for k in known if k.startswith(f"{wrong}.")) or "none"
            return f"{wrong} holds settings of fixed names: {inside}; set them one by one"
        return f"unknown key {wrong!r}{did_you_mean(wrong, known)}; allowed: {', '.join(allowed)}"
    if found := re.search(r"Error merging override (.+)", text):
        return f"{found.group(1)}: this key holds settings with names of their own, no such value"
    first = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    return f"cannot read the overrides {' '.join(overrides)!r}: {first}; write key=value"


def keys(values: DictConfig, prefix: str = "") -> list[str]:
    """Yield every key of a config, dotted."""
    found = []
    for name in values:
        found.append(f"{prefix}{name}")
        child = values._get_node(name)
        if isinstance(child, DictConfig) and not child._is_none():
            found += keys(child, f"{prefix}{name}.")
    return found


def path_of(override: str) -> str:
    """Return the dotted key of an override: `task.length` of `task.length=5`."""
    return override.split("=")[0].lstrip("+~")


def first_part(override: str) -> str:
    """Return the first part of it: `task` of `task.length=5`."""
    return path_of(override).split(".")[0]
