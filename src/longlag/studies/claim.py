"""A claim's experiment as a study, whose records lie in results/claims/<id>."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from longlag.errors import LonglagError
from longlag.records.claim import Claim
from longlag.runs.config import first_part, resolve
from longlag.studies.study import Study, study_with


def study_of_claim(claim: Claim, words: Sequence[str], config_dir: Path | None = None) -> Study:
    """Make the study of a claim: that of conf/study which it names, and its own keys over it.

    Args:
        claim: whose experiment.
        words: overrides of the command line, as for any study; study.KEY= sets a key of the
            experiment.
        config_dir: of the user's own groups.

    Raises:
        LonglagError: the experiment lacks something, or the words contradict it.
    """
    own = dict(claim.experiment)
    held = {"tune": False, "tuning_seeds": [], "examine": False}
    if base := own.pop("study", None):
        content = OmegaConf.to_container(resolve([f"study={base}"], config_dir).values.study)
        assert isinstance(content, dict)
        held = {str(key): value for key, value in content.items()}
    held |= {"title": claim.id, "question": claim.says, **own}
    changed = OmegaConf.create(held)
    for word in (word for word in words if first_part(word) == "study"):
        name, _, value = word.removeprefix("study.").partition("=")
        if name.split(".")[0] not in {field.name for field in fields(Study)}:
            raise LonglagError(f"{word}: the experiment of a claim has no such key")
        OmegaConf.update(changed, name, yaml_value(value), merge=False)
    content = OmegaConf.to_container(changed)
    assert isinstance(content, dict)
    rest = [word for word in words if first_part(word) != "study"]
    return study_with(claim.id, {str(k): v for k, v in content.items()}, rest, config_dir)


def yaml_value(text: str) -> Any:
    """Read the value of an override, such as [0.001,0.01] or {mnist: []}."""
    return OmegaConf.select(OmegaConf.from_dotlist([f"value={text}"]), "value")
