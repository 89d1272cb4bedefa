"""A published claim: who said it where, the experiment that tests it, and the rule that decides.

conf/claim/<id>.yaml, checked as it is read.  The rule and the experiment are committed before the
runs; the verdict is read out of the records in results/claims/<id>.
"""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from omegaconf import OmegaConf
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from longlag.errors import LonglagError, did_you_mean
from longlag.records.claim_measures import NOTHING
from longlag.records.claim_rules import AnyRule, Decision, decide
from longlag.records.headers import folders
from longlag.records.reader import holds_records, read_study
from longlag.records.record import in_one_line

WORDS = 25  # at most, of a quote
NOT_RUN = "not run"
FOLDER = "claims"  # below the folder of all studies


class Strict(BaseModel):
    """No other key, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Citation(Strict):
    """An entry of references.bib; several claims may share one."""

    model_config = ConfigDict(extra="allow")
    key: Annotated[str, Field(pattern=r"^[a-z]+\d{4}[a-z]*$")]
    type: Literal["article", "inproceedings", "misc"]
    author: str
    title: str
    year: int

    @property
    def bibtex(self) -> str:
        """Return the entry."""
        fields = {k: v for k, v in self.model_dump().items() if k not in ("key", "type")}
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
        return "\n".join([f"@{self.type}{{{self.key},", *lines, "}"])


class Claim(Strict):
    """What conf/claim/<id>.yaml holds."""

    id: str
    says: str  # the claim, in our words, in one sentence
    citation: Citation
    also: list[Citation] = Field(default_factory=list)  # what else it holds its number against
    place: str
    quote: str
    status: Literal["verified", "second-hand", "from memory"]  # of the published number
    published: Annotated[dict[str, float | int | str], Field(min_length=1)]
    experiment: dict[str, Any]  # keys of conf/study; `study`: the name of one to begin with
    rule: AnyRule
    measures: str | list[str]  # what our number is, for people; of several rules each one's
    scaled: str  # what differs from the published experiment
    full_scale: list[str]  # overrides that run it as published; empty: it is
    minutes: Annotated[float, Field(gt=0)]  # on two cores, estimated before the runs

    @field_validator("quote")
    @classmethod
    def _short(cls, quote: str) -> str:
        if len(quote.split()) > WORDS:
            raise ValueError(f"a quote has at most {WORDS} words, not {len(quote.split())}")
        return quote

    @model_validator(mode="after")
    def _each_rule_is_named(self) -> "Claim":
        rules, named = getattr(self.rule, "rules", None), self.measures
        if (None if rules is None else len(rules)) != (
            len(named) if isinstance(named, list) else None
        ):
            raise ValueError("measures: a sentence, or as many as there are rules")
        return self

    @property
    def published_text(self) -> str:
        """Return the published numbers, for people."""
        return "; ".join(f"{name}: {value}" for name, value in self.published.items())


class Verdict(NamedTuple):
    """A claim and what the records say of it."""

    claim: Claim
    decision: Decision
    runs: int

    @property
    def measures(self) -> str:
        """Say what the number is that decided."""
        named = self.claim.measures
        return named if isinstance(named, str) else named[self.decision.decisive]


def claim_ids(config_dir: Path | None = None) -> list[str]:
    """List the claims that there are."""
    return sorted({p.stem for place in folders(config_dir) for p in place.glob("claim/*.yaml")})


def read_claim(name: str, config_dir: Path | None = None) -> Claim:
    """Read a claim.

    Raises:
        LonglagError: there is none of that name, or it lacks something or says something else.
    """
    for place in folders(config_dir):
        path = place / "claim" / f"{name}.yaml"
        if path.is_file():
            content = OmegaConf.to_container(OmegaConf.load(path))
            assert isinstance(content, dict)
            try:
                return Claim.model_validate({"id": name, **content})
            except ValidationError as error:
                raise LonglagError(f"{path}: {in_one_line(error)}") from error
    known = claim_ids(config_dir)
    raise LonglagError(
        f"unknown claim {name!r}{did_you_mean(name, known)}; allowed: {', '.join(known)}"
    )


def judge_claim(claim: Claim, results: Path) -> Verdict:
    """Apply a claim's rule to its records; without all of them it is not run.

    Args:
        claim: to be judged.
        results: the folder of all studies.
    """
    folder = results / FOLDER / claim.id
    if not holds_records(folder) or not (folder / "plan.json").exists():
        return Verdict(claim, Decision(verdict=NOT_RUN, ours=NOTHING), 0)
    study = read_study(folder)
    stages = study.plan.get("stages", ())
    planned = {i for s in stages if s.get("name") == "final" for i in s["ids"]}
    if not planned or planned - study.by_id.keys():
        return Verdict(claim, Decision(verdict=NOT_RUN, ours=NOTHING), len(study.runs))
    return Verdict(claim, decide(claim.rule, study.final), len(study.runs))


def judge_all(results: Path, config_dir: Path | None = None) -> list[Verdict]:
    """Judge every claim, in the order of their names."""
    return [judge_claim(read_claim(i, config_dir), results) for i in claim_ids(config_dir)]


def bibliography(claims: Iterable[Claim]) -> str:
    """Write references.bib, each entry once."""
    cited = (citation for claim in claims for citation in (claim.citation, *claim.also))
    entries = {citation.key: citation.bibtex for citation in cited}
    return "\n\n".join(entries[key] for key in sorted(entries)) + "\n"


def shown(value: float) -> str:
    """Write a number of a csv; nothing for NaN."""
    return "" if math.isnan(value) else f"{value:.6g}"


def as_rows(verdicts: Iterable[Verdict]) -> list[list[str]]:
    """Give the lines of verdicts.csv."""
    rows = [["id", "verdict", "ours", "low", "high", "published", "status", "runs"]]
    for claim, decision, runs in verdicts:
        numbers = map(shown, decision.ours)
        rows.append([claim.id, decision.verdict, *numbers, claim.published_text, claim.status])
        rows[-1].append(str(runs))
    return rows
