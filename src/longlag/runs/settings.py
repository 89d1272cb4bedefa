"""What every setting may be: type and range in one place, checked before anything is built."""

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from longlag.errors import LonglagError, did_you_mean

LARGEST_SEED = 2**63 - 1


class Part(BaseModel):
    """A group of settings: no other key, no silent conversion, no infinity and no NaN."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Built(Part):
    """A group that names the class it builds: the class itself checks its other arguments."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)
    target: str = Field(alias="_target_", min_length=1)


class Optimizer(Built):
    """conf/optim."""

    lr: float | None = Field(None, gt=0)


class Executor(Built):
    """conf/executor."""

    workers: int | None = Field(None, ge=1)


class Model(Part):
    """conf/model."""

    model_config = ConfigDict(extra="allow")
    hidden_size: int | None = Field(ge=1, le=10**6)
    layers: int = Field(ge=1, le=1000)
    dropout: float = Field(0.0, ge=0, lt=1)


class Stream(Part):
    """conf/trainer, stream: the rule over the last training sequences that ends a training."""

    last: int = Field(ge=1, le=10**7)
    wrong: int = Field(ge=0, le=10**7)
    mean_error: float | None = Field(gt=0)


class Trainer(Part):
    """conf/trainer."""

    batch_size: int = Field(ge=1, le=10**6)
    max_steps: int = Field(ge=1, le=10**9)
    validate_every: int = Field(ge=1, le=10**9)
    validation_size: int = Field(ge=1, le=10**8)
    test_size: int = Field(ge=1, le=10**8)
    clip: float | None = Field(gt=0)
    stop_when_solved: bool
    patience: int | None = Field(ge=1)
    accelerator: Literal["cpu", "gpu", "cuda", "mps", "auto"]
    stream: Stream | None = None

    @model_validator(mode="after")
    def _validates_at_the_end(self) -> "Trainer":
        steps, every = self.max_steps, self.validate_every
        if steps % every:
            near = max(1, round(steps / every)) * every
            raise ValueError(
                f"trainer.max_steps must be a multiple of trainer.validate_every, not {steps} with "
                f"{every}; give trainer.max_steps={near} or trainer.validate_every={steps}"
            )
        return self


class Checkpoints(Part):
    """How often a training keeps what it goes on from."""

    seconds: float | None = Field(gt=0)
    steps: int | None = Field(ge=1)


class Seeds(Part):
    """What the seed is split into."""

    init: int = Field(ge=0, le=LARGEST_SEED)
    data: int = Field(ge=0, le=LARGEST_SEED)


class Settings(Part):
    """conf/config.yaml: everything that one command is told."""

    cell: Built
    task: Built
    model: Model
    optim: Optimizer
    trainer: Trainer
    probe: Built
    logger: Built
    executor: Executor
    study: dict[str, Any] | None = None
    seed: int = Field(ge=0, le=LARGEST_SEED)
    seeds: Seeds
    match: Literal["params", "state", "none"]
    budget: int = Field(ge=1, le=10**12)
    threads: int = Field(ge=1, le=1024)
    results: str = Field(min_length=1)
    checkpoint: Checkpoints

    @model_validator(mode="after")
    def _one_source_of_the_size(self) -> "Settings":
        if (self.model.hidden_size is None) == (self.match == "none"):
            size = "null" if self.model.hidden_size is None else self.model.hidden_size
            raise ValueError(
                f"match={self.match} with model.hidden_size={size}: give match=params or "
                "match=state with a budget, or match=none with a model.hidden_size"
            )
        return self


def check_settings(values: Mapping[str, Any]) -> None:
    """Hold resolved settings against their types and ranges.

    Args:
        values: plain containers.

    Raises:
        LonglagError: the first that is wrong, with what came and what is allowed.
    """
    try:
        Settings.model_validate(values)
    except ValidationError as error:
        raise LonglagError(one_line(error.errors()[0], values)) from None


def one_line(problem: Any, values: Mapping[str, Any]) -> str:
    """Say what pydantic found wrong."""
    name, message = ".".join(map(str, problem["loc"])), problem["msg"]
    if problem["type"] == "value_error":
        return message.removeprefix("Value error, ")
    if problem["type"] == "missing":
        return f"{name} is missing: give {name}=VALUE"
    if problem["type"] == "extra_forbidden":
        section: Any = values
        for key in problem["loc"][:-1]:
            section = section[key]
        prefix = "".join(f"{key}." for key in problem["loc"][:-1])
        part: Any = Settings.model_fields[problem["loc"][0]].annotation if prefix else Settings
        allowed = [f"{prefix}{key}" for key in part.model_fields]
        return f"unknown key {name!r}{did_you_mean(name, allowed)}; allowed: {', '.join(allowed)}"
    rule = message.removeprefix("Input should be ")
    rule = rule.replace("greater than or equal to", "at least")
    rule = rule.replace("less than or equal to", "at most")
    null = " or null" if may_be_null(problem["loc"]) else ""
    came = problem["input"]
    shown = came if isinstance(came, float) and not math.isfinite(came) else repr(came)
    return f"{name} must be {rule}{null}, not {shown}"


def may_be_null(place: tuple[Any, ...]) -> bool:
    """Tell whether the setting at a place may also be null."""
    part: Any = Settings
    for key in place:
        fields = getattr(part, "model_fields", {})
        if key not in fields:
            return False
        part = fields[key].annotation
    return type(None) in getattr(part, "__args__", ())
