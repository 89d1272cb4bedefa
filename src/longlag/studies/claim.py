"""A claim's experiment as a study, whose records lie in results/claims/<id>."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf

from longlag.records.claim import Claim
from longlag.runs.config import resolve
from longlag.studies.study import Study, study_with


def study_of_claim(claim: Claim, words: Sequence[str], config_dir: Path | None = None) -> Study:
    """Make the study of a claim: that of conf/study which it names, and its own keys over it.

    Args:
        claim: whose experiment.
        words: overrides of the command line, as for any study.
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
    return study_with(claim.id, held, words, config_dir)
