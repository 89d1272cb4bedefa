"""Every file of conf/claim says what a claim must say; one that says something else is refused."""

import pytest

from longlag.errors import LonglagError
from longlag.records.claim import claim_ids, read_claim


@pytest.mark.parametrize("name", claim_ids())
def test_every_claim_says_what_it_needs(name):
    claim = read_claim(name)
    assert len(claim.quote.split()) <= 25
    assert claim.scaled and claim.published and claim.measures
    assert claim.minutes <= 30


def test_there_are_claims_enough():
    assert len(claim_ids()) >= 25


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quote": "a " * 26}, "25 words"),
        ({"status": "sure"}, "status"),
        ({"unknown": 1}, "unknown"),
        (
            {"measures": ["one", "two", "three", "four", "five", "six"]},
            "as many as there are rules",
        ),
    ],
)
def test_a_claim_that_says_something_else_is_refused(tmp_path, change, said):
    from omegaconf import OmegaConf

    from longlag.records.headers import folder

    content = OmegaConf.to_container(OmegaConf.load(folder() / "claim" / "vanish-rnn.yaml"))
    assert isinstance(content, dict)
    (tmp_path / "claim").mkdir()
    OmegaConf.save(OmegaConf.create({**content, **change}), tmp_path / "claim" / "mine.yaml")
    with pytest.raises(LonglagError, match=said):
        read_claim("mine", tmp_path)
