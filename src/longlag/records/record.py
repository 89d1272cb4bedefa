"""A run as one typed record: the only place that spells the keys of a record.json.

One schema number, one reader (`read_record`) and one writer (`as_text`); a record of schema 1 is
read through `schema_1.convert`.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from longlag.records import schema_1

SCHEMA = 2
CONTROL = re.compile(  # what a terminal obeys, and what turns the reading order around
    r"[\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
    r"|\\u(?:00(?:[01][0-9a-f]|[89][0-9a-f]|7f)|202[a-e]|206[6-9])",
    re.IGNORECASE,
)

Number = Annotated[float, BeforeValidator(lambda value: float("nan") if value is None else value)]
Json = dict[str, Any]
Word = Annotated[str, AfterValidator(lambda word: written(word))]
Names = Mapping[str, str | None]
Direction = Literal["min", "max"]
Status = Literal["finished", "solved", "stopped", "diverged"]


def written(word: str) -> str:
    """Return a word that figures, tables and file names can hold.

    Raises:
        ValueError: it is long, or holds other letters than a name of conf/ or of a metric does.
    """
    if not re.fullmatch(r"[\w .,@+~^()%:-]{1,120}", word) or word.startswith("."):
        raise ValueError(f"holds the name {word[:40]!r}, which is none of longlag's")
    return word


def named(names: Names) -> Names:
    """Return the names that were chosen in each config group, the cell's and the task's among them.

    Raises:
        ValueError: there is no cell or no task.
    """
    missing = [f"names.{group}" for group in ("cell", "task") if not names.get(group)]
    if missing:
        raise ValueError(f"lacks {', '.join(missing)}")
    for name in names.values():
        written(name or "none")
    return names


@dataclass(frozen=True)
class Git:
    """The state of the source; both None outside a checkout."""

    commit: str | None = None
    dirty: bool | None = None


@dataclass(frozen=True)
class Machine:
    """What computed the run; None where a record of an older schema does not say."""

    device: str | None = None
    threads: int | None = None
    isa: str | None = None  # the vector instructions that torch uses
    system: str | None = None
    cpu: str | None = None  # its model
    cores: int | None = None
    compiler: str | None = None  # with its version; what compiles the steps of cells
    blas: str | None = None


@dataclass(frozen=True)
class Network:
    """The size of the model, and what ran it."""

    parameters: int
    state_size: int  # numbers that a sequence carries from step to step
    hidden_size: int
    layers: int
    cells: int  # two a layer where it reads both ways
    backends: tuple[str, ...] = ()  # of each cell in training, as observed

    @property
    def ways(self) -> int:
        """Count the cells of a layer: 2 where it reads both ways, else 1."""
        return max(1, self.cells // self.layers)


@dataclass(frozen=True)
class Question:
    """What the task asks, at its arguments."""

    length: int | None = None  # T as configured; None where the data decides
    lag: int | None = None  # steps from the earliest thing that matters to the answer, at most
    kind: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Answer:
    """What a simple answer scores: a floor ignores the past, a baseline is any other."""

    metric: Word
    value: Number
    why: str
    measured: Number | None = None  # the same answer's score on this run's test sequences


@dataclass(frozen=True)
class Criterion:
    """When the task counts as solved, and when validation first met that."""

    metric: Word
    threshold: float
    source: str
    published: bool | None = None  # None: a record of schema 1 does not say
    met: bool = False
    step: int | None = None
    sequences: int | None = None


@dataclass(frozen=True)
class Metrics:
    """The final numbers of the chosen weights, by name; NaN for null."""

    validation: dict[Word, Number] = Field(default_factory=dict)
    test: dict[Word, Number] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Record:
    """Everything that is kept of a run but its curve, its arrays and its weights."""

    schema: Literal[2] = SCHEMA
    id: Word
    names: Annotated[Names, AfterValidator(named)]  # chosen in each config group
    seed: int
    seeds: dict[str, int] = Field(default_factory=dict)  # of the initial weights, of the data
    command: str  # that repeats the run
    config: dict[str, Any]  # every value that the numbers depend on
    versions: dict[str, int | str] = Field(default_factory=dict)  # packages, task and cell
    code: dict[str, str] = Field(default_factory=dict)  # class -> version or digest of its source
    git: Git = Git()
    machine: Machine = Machine()
    model: Network
    task: Question
    status: Status
    score: Word  # the name of the headline metric
    directions: dict[Word, Direction] = Field(default_factory=dict)  # which way is better
    metrics: Metrics
    floors: tuple[Answer, ...] = ()
    baselines: tuple[Answer, ...] = ()
    solved: Criterion | None = None  # None: the task has no criterion
    best_step: int = 0
    steps: int = 0
    sequences: int = 0  # seen in training
    date: datetime | None = None  # UTC, at which the run ended; older records do not say
    seconds: dict[str, Number] = Field(default_factory=dict)  # set-up, train, probe, evaluate
    resumed: int = 0  # times that the training went on from a checkpoint
    peak_memory_mb: float | None = None
    files: dict[str, str] = Field(default_factory=dict)  # digests of the files beside the record


ADAPTER: TypeAdapter[Record] = TypeAdapter(Record)


def read_record(path: Path) -> Record:
    """Read the record in a file of its own.

    Raises:
        OSError: there is no such file.
        ValueError: it is cut off or none of ours, in one line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"is no text ({error})") from None
    return parse(text)


def parse(text: str) -> Record:
    """Read a record of any schema.

    Raises:
        ValueError: it is cut off or none of ours, in one line.
    """
    if CONTROL.search(text):
        raise ValueError("holds control characters, which longlag never writes")
    if text.startswith(f'{{"schema":{SCHEMA},'):  # a line of a pack: the quick way, if it is whole
        with suppress(ValidationError):
            return ADAPTER.validate_json(text)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is truncated or no JSON ({error})") from None
    return of(content)


def of(content: Any) -> Record:
    """Make a record of plain containers, of any schema.

    Raises:
        ValueError: something is missing or of another type, in one line.
    """
    if not isinstance(content, dict):
        raise ValueError(f"is not a longlag record: holds a {type(content).__name__}, no object")
    schema = content.get("schema")
    if schema == 1:
        content = schema_1.convert(content)
    elif schema != SCHEMA:
        raise ValueError(
            f"is not a longlag record: schema {schema!r}, this version reads 1 to {SCHEMA}"
        )
    try:
        return ADAPTER.validate_python(content)
    except ValidationError as error:
        raise ValueError(in_one_line(error)) from None


def in_one_line(error: ValidationError) -> str:
    """Say what a record lacks and what is wrong in it, in one line."""
    lacks, wrong = [], []
    for problem in error.errors(include_url=False, include_context=False):
        place = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "missing":
            lacks.append(place)
        else:
            wrong.append(f"{place}: {problem['msg']}, not {str(problem['input'])[:40]!r}")
    said = [f"lacks {', '.join(lacks)}"] if lacks else []
    return "; ".join([*said, *wrong[:3], *(["..."] if wrong[3:] else [])])


def as_text(record: Record, indent: int | None = 1) -> str:
    """Write a record as JSON: indented for people, or on one line (indent None).

    NaN becomes null, for JSON has no such number.
    """
    return ADAPTER.dump_json(record, indent=indent).decode()


def known(part: Git | Machine) -> dict[str, Any]:
    """Return what a part of a record says, without what it does not know."""
    return {name: value for name, value in asdict(part).items() if value is not None}
