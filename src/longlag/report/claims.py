"""The verdicts on published claims as a page, a paper, tables and a bibliography."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from longlag.records.atomic import write_bytes
from longlag.records.claim import Citation, Verdict, as_rows, bibliography
from longlag.records.claim_rules import CONFIRMED, PARTLY, REFUTED, UNDECIDED
from longlag.report import experiments_1997
from longlag.report.compose import numbered
from longlag.report.disputes import explained, is_dispute
from longlag.report.document import Document, Table
from longlag.report.format import NONE, sig
from longlag.report.tables.columns import Column, build, words
from longlag.report.words import Parts, cite, environment, read, say, sections
from longlag.report.writers.html import to_html
from longlag.report.writers.pdf import to_pdf
from longlag.report.writers.tables import to_csv, to_tex
from longlag.stats import Interval

ORDER = (REFUTED, PARTLY, CONFIRMED, UNDECIDED)  # the most telling first


def write_claims(verdicts: Sequence[Verdict], folder: Path) -> list[Path]:
    """Write index.html, claims.pdf, the tables as .csv and .tex, and references.bib.

    Args:
        verdicts: on every claim.
        folder: results/claims.

    Returns:
        The files.
    """
    old = experiments_1997.table(experiments_1997.experiments(folder.parent))
    document, lines = compose(verdicts, old), io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows(as_rows(verdicts))
    parts = {
        "index.html": to_html(document).encode(),
        "claims.pdf": to_pdf(document),
        "verdicts.csv": lines.getvalue().encode(),
        "verdicts.tex": to_tex(table(judged(verdicts))).encode(),
        f"{old.key}.csv": to_csv(old).encode(),
        f"{old.key}.tex": to_tex(old).encode(),
        "references.bib": bibliography(v.claim for v in verdicts).encode(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in parts.items():
        write_bytes(folder / name, content)
    return [folder / name for name in parts]


def judged(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Keep those that were run, ordered by verdict and name."""
    found = [v for v in verdicts if v.decision.verdict in ORDER]
    return sorted(found, key=lambda v: (ORDER.index(v.decision.verdict), v.claim.id))


def compose(verdicts: Sequence[Verdict], old: Table) -> Document:
    """Make the document: the findings, the tables, and each claim.

    Args:
        verdicts: on every claim.
        old: the experiments of 1997.
    """
    known, numbers = facts(verdicts), dict[str, int]()
    known["old"] = set(experiments_1997.WAYS) & set(old.header)
    tables = {old.key: old}
    for verdict, own in known["tables"].items():
        found = table(own, verdict)
        tables[found.key] = found
    parts = Parts(*[tables.__getitem__] * 4)
    findings = tuple(
        cite(say(name, known, "claims.toml"), numbers) for name in ("counts", "refuted", "open")
    )
    found = numbered(sections("claims.md", known, parts), numbers)
    sources = {v.claim.citation.key: v.claim.citation for v in verdicts}
    return Document(
        title=say("title", known, "claims.toml"),
        question=say("question", known, "claims.toml"),
        facts=(("claims", str(len(verdicts))), ("runs", str(known["runs"]))),
        findings=tuple(text for text in findings if text),
        paper=found,
        references=tuple(reference(sources[key]) for key in numbers),
    )


def facts(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Collect what the templates know, by name."""
    found = judged(verdicts)
    each = {verdict: [v for v in found if v.decision.verdict == verdict] for verdict in ORDER}
    return {
        "claims": len(verdicts),
        "judged": found,
        "tables": {verdict: own for verdict, own in each.items() if own},
        "confirmed": each[CONFIRMED],
        "partly": each[PARTLY],
        "refuted": each[REFUTED],
        "undecided": each[UNDECIDED],
        "disputes": [v for v in found if is_dispute(v)],
        "explained": explained,
        "waiting": [v for v in verdicts if v.decision.verdict not in ORDER],
        "runs": sum(v.runs for v in found),
        "interval": interval,
        "measured": measured,
        "source": source,
    }


def interval(found: Interval) -> str:
    """Write a number with its interval."""
    if found.low == float("inf"):  # of sequences until solved
        return "∞, for most seeds never get there"
    value, low, high = map(sig, found)
    return value if low == NONE else f"{value} ({low} to {high})"


class Measured(NamedTuple):
    """One number of a claim: what it is, what was found, where it lies if the claim holds."""

    name: str
    found: Interval
    claimed: str
    verdict: str


def measured(verdict: Verdict) -> list[Measured]:
    """List the numbers of a claim, one for each of its rules."""
    claim, decision = verdict.claim, verdict.decision
    rules, parts = getattr(claim.rule, "rules", [claim.rule]), decision.parts or (decision,)
    names = [claim.measures] if isinstance(claim.measures, str) else claim.measures
    return [
        Measured(
            name, part.ours, f"{region(own.claimed)} (in part: {region(own.partly)})", part.verdict
        )
        for name, own, part in zip(names, rules, parts, strict=True)
    ]


def region(found: Any) -> str:
    """Write a region."""
    low, high = found.at_least, found.at_most
    if high == float("inf"):
        return f"at least {sig(low)}"
    return f"at most {sig(high)}" if low == -float("inf") else f"{sig(low)} to {sig(high)}"


def source(citation: Citation) -> str:
    """Name a source in a sentence: Greff et al. 2017."""
    authors = citation.author.split(" and ")
    last = [name.split()[-1] for name in authors]
    who = " & ".join(last) if len(last) < 3 and "others" not in last else f"{last[0]} et al."
    return f"{who} {citation.year}"


def reference(citation: Citation) -> str:
    """Write an entry of the list of references."""
    extra = citation.model_extra or {}
    places = [extra[name] for name in ("journal", "booktitle", "volume") if name in extra]
    places += [f"arXiv {extra['eprint']}"] if "eprint" in extra else []
    authors = citation.author.replace(" and others", " et al.").replace(" and ", ", ")
    return f"{authors}. {citation.title}. {', '.join([*places, str(citation.year)])}."


def table(verdicts: Sequence[Verdict], only: str = "") -> Table:
    """Make the table of verdicts: our number beside the paper's.

    Args:
        verdicts: to be shown.
        only: the verdict that all of them have, which then is no column; empty: there are several.
    """
    verdict = words("verdict", lambda v: v.decision.verdict)
    columns = (
        words("claim", lambda v: v.claim.id),
        *(() if only else (verdict,)),
        words("published", lambda v: v.claim.published_text),
        Column("ours", lambda v: v.decision.ours.value),
        Column("95 % interval", lambda v: v.decision.ours, bounds),
        Column("runs", lambda v: float(v.runs), "{:.0f}".format),
        words("status", lambda v: v.claim.status),
        *(() if only else (words("source", lambda v: source(v.claim.citation)),)),
    )
    return build(only.replace(" ", "-") or "verdicts", columns, verdicts, wide=True)


def bounds(found: Interval) -> str:
    """Write the ends of an interval; a dash where there is none."""
    low, high = sig(found.low), sig(found.high)
    return NONE if low == NONE else f"{low} to {high}"


def summary(verdicts: Sequence[Verdict]) -> str:
    """Write the ten lines of README."""
    made = environment()
    made.finalize = None
    made.trim_blocks = made.lstrip_blocks = True
    return made.from_string(read("claims-readme.md")).render(facts(verdicts))
