"""`longlag bench claim=ID`: run the experiment of published claims, and print the verdicts."""

import argparse
from pathlib import Path

from longlag.cli.carry import make_executor, train
from longlag.errors import LonglagError
from longlag.records.claim import FOLDER, Claim, Verdict, claim_ids, judge_claim, read_claim
from longlag.records.store import Store
from longlag.report.format import sig
from longlag.runs.config import INCIDENTAL, choices_of, first_part, path_of, resolve
from longlag.studies.claim import study_of_claim
from longlag.studies.plan import StudyPlan


def run(arguments: argparse.Namespace) -> int:
    """Run each claim that is asked for, the cheapest first; 1 if a run failed."""
    words, config_dir = arguments.words, arguments.config_dir
    names = choices_of(words, "claim", config_dir)
    rest = [word for word in words if first_part(word) != "claim"]
    if chosen := [word for word in rest if path_of(word) == "study"]:
        raise LonglagError(f"{chosen[0]}: a claim has an experiment of its own; leave it out")
    ids = claim_ids(config_dir) if names == ["all"] else names
    claims = sorted((read_claim(name, config_dir) for name in ids), key=lambda c: c.minutes)
    status = 0
    for claim in claims:
        found = run_claim(claim, rest, arguments)
        status = max(status, found)
        if found == 130:
            break
    return status


def run_claim(claim: Claim, words: list[str], arguments: argparse.Namespace) -> int:
    """Plan, run and judge one claim."""
    from longlag.cli.bench import OUT, show_plan, tell_failures

    study = study_of_claim(claim, words, arguments.config_dir)
    incidental = [w for w in words if first_part(w) in INCIDENTAL and first_part(w) != "study"]
    config = resolve(incidental, arguments.config_dir)
    results = Path(config.values.results)
    plan = StudyPlan(study, Store(results / FOLDER, claim.id), arguments.config_dir)
    executor = make_executor(config, plan.first()[0].values.threads)
    done = len(plan.recorded())
    show_plan(plan, done, executor)
    OUT.print(f"  {claim.scaled}; as published: {' '.join(claim.full_scale) or 'as it is'}")
    if arguments.dry_run:
        return 0
    if done < plan.total and train(plan, executor) == 130:
        return 130
    failures = tell_failures(plan)
    OUT.print(told(judge_claim(claim, results)))
    return 1 if failures else 0


def told(found: Verdict) -> str:
    """Say what was measured beside what was published, and the verdict."""
    claim, (value, low, high) = found.claim, found.decision.ours
    return (
        f"{claim.id}: {claim.says}\n"
        f"  {claim.citation.author} {claim.citation.year}, {claim.place}\n"
        f"  published ({claim.status}): {claim.published_text}\n"
        f"  here: {found.measures}: {sig(value)}, 95 % interval {sig(low)} to {sig(high)} "
        f"({found.runs} runs)\n"
        f"  verdict: {found.decision.verdict}"
    )
