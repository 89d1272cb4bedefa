"""Every task in conf/ passes every law, and the laws catch the bugs they are there for."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from longlag.errors import LonglagError, MissingData, MissingPackage
from longlag.laws.task import LAWS, check_task
from longlag.tasks import Adding, Batch, Task

YAMLS = sorted((Path(__file__).parents[2] / "conf" / "task").glob("*.yaml"))


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.stem)
def test_every_task_in_conf_passes_every_law(path: Path):
    try:
        task = instantiate(OmegaConf.load(path))
        verdicts = check_task(task)
    except (MissingPackage, MissingData) as missing:
        pytest.skip(str(missing))
    assert len(verdicts) == len(LAWS)
    broken = [f"{verdict.name}: {verdict.why}" for verdict in verdicts if not verdict.ok]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.stem)
def test_every_yaml_opens_with_its_gloss_its_name_and_its_source(path: Path):
    gloss, name, source = path.read_text().splitlines()[:3]
    assert gloss.startswith("# ") and gloss.endswith((".", "?"))
    assert name.startswith("# name: ")
    assert source.startswith("# source: ")


def broken(task: Task) -> set[str]:
    return {verdict.name for verdict in check_task(task) if not verdict.ok}


@dataclass(frozen=True, kw_only=True)
class Global(Adding):
    """Adds global noise."""

    def sample(self, batch_size, rng):
        batch = super().sample(batch_size, rng)
        return batch._replace(x=batch.x + torch.rand(1))


@dataclass(frozen=True, kw_only=True)
class NoSeed(Adding):
    """Treats every split and seed alike."""

    def batch(self, split, seed, k, batch_size):
        return super().batch("train", 0, k, batch_size)


@dataclass(frozen=True, kw_only=True)
class Past(Adding):
    """Counts steps past the end."""

    def sample(self, batch_size, rng):
        lengths = torch.full((batch_size,), self.length - 1)
        return super().sample(batch_size, rng)._replace(lengths=lengths)


@dataclass(frozen=True, kw_only=True)
class TooHigh(Adding):
    """Has a floor that is too easy to beat."""

    def define(self):
        spec = super().define()
        return spec._replace(floors=(spec.floors[0]._replace(value=1.0),))


@dataclass(frozen=True, kw_only=True)
class OtherAnswer(Adding):
    """Has a floor that its own answer does not score."""

    def define(self):
        return super().define()._replace(constant=0.0)


@dataclass(frozen=True, kw_only=True)
class Double(Adding):
    """Has numbers of another type."""

    def sample(self, batch_size, rng) -> Batch:
        batch = super().sample(batch_size, rng)
        return batch._replace(x=batch.x.double())


@dataclass(frozen=True, kw_only=True)
class Shared(Adding):
    """Has one sequence in training and validation, and streams that differ otherwise."""

    def batch(self, split, seed, k, batch_size):
        batch = super().batch(split, seed, k, batch_size)
        if k == 2:
            batch.x[:, 0] = torch.linspace(0, 1, self.length)[:, None]
        return batch


@dataclass(frozen=True, kw_only=True)
class DeafToWords(Adding):
    """Draws the same numbers whatever its text says."""

    dialect: str = "plain"

    def generator(self, *key):
        return Adding(length=self.length).generator(*key)


@dataclass(frozen=True, kw_only=True)
class Refuses(Adding):
    """Has an error of its own, which says nothing of a package or of data."""

    def sample(self, batch_size, rng):
        raise LonglagError("adding: out of order")


@dataclass(frozen=True, kw_only=True)
class NotFew(Adding):
    """Says that its sequences are few, which they are not."""

    few = "there are ten"


@pytest.mark.parametrize(
    ("task", "laws"),
    [
        (Global(), {"a batch is the same whatever was drawn before"}),
        (
            NoSeed(),
            {"seed 0 is a seed and differs from seed 1", "the splits are disjoint streams"},
        ),
        (Shared(), {"the splits are disjoint streams"}),
        (NotFew(), {"the splits are disjoint streams"}),
        (DeafToWords(), {"changing an argument changes the stream"}),
        (Refuses(), {"a batch is the same whatever was drawn before"}),
        (Past(), {"every sequence is asked and scored inside its length"}),
        (TooHigh(), {"no answer without memory beats the floor"}),
        (OtherAnswer(), {"the floor s own answer scores what the floor says"}),
        (Double(), {"a batch has the shapes and types of its kind"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_task_with_a_bug_breaks_the_law_against_it(task: Task, laws: set[str]):
    assert laws <= broken(task)


def test_a_task_at_another_length_is_that_task():
    assert Adding(length=10).at(30) == Adding(length=30)
    with pytest.raises(ValueError, match="length must be at least 2, not 1"):
        Adding().at(1)
    assert replace(Adding(), length=7).spec.lag == 6


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.stem)
def test_a_criterion_is_published_or_called_longlag_s_own(path: Path):
    """A published one names its paper, its section, and what is checked here in its place."""
    try:
        solved = instantiate(OmegaConf.load(path)).spec.solved
    except (MissingPackage, MissingData) as missing:
        pytest.skip(str(missing))
    if solved is None:
        return
    own = solved.source.startswith("longlag's own")
    assert own != solved.published
    assert own or ("section" in solved.source and "(" in solved.source)
