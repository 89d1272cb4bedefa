"""Where sources disagree: both numbers, and how much each setting that differs explains here."""

from typing import Any, NamedTuple

from longlag.records.claim import Verdict
from longlag.records.claim_rules import Both, Difference
from longlag.stats import Interval

PREFIX = "dispute-"  # of the ids of such claims


class Explained(NamedTuple):
    """What one change of the settings did."""

    change: str
    measured: str
    found: Interval
    verdict: str


def is_dispute(verdict: Verdict) -> bool:
    """Tell whether a claim is one of two sources that disagree."""
    return verdict.claim.id.startswith(PREFIX)


def explained(verdict: Verdict) -> list[Explained]:
    """List the changes that the claim's rule compares, in its order."""
    rule = verdict.claim.rule
    parts = rule.rules if isinstance(rule, Both) else [rule]
    found = verdict.decision.parts or (verdict.decision,)
    return [
        Explained(change(part.of, part.minus), part.measured, one.ours, one.verdict)
        for part, one in zip(parts, found, strict=True)
        if isinstance(part, Difference)
    ]


def change(of: dict[str, Any], minus: dict[str, Any]) -> str:
    """Say what one arm has in place of what another has: hidden size 128 in place of 40."""
    differs = [key for key in of if of[key] != minus.get(key)]
    return ", ".join(
        f"{named(key)} {shown(of[key])} in place of {shown(minus.get(key))}" for key in differs
    )


def named(key: str) -> str:
    """Name a setting for people."""
    return {"lr": "rate", "max_steps": "updates"}.get(
        last := key.rpartition(".")[2], last.replace("_", " ")
    )


def shown(value: Any) -> str:
    """Write a value of a setting."""
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
