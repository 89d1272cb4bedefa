"""Write what is known of published claims into README.md and experiments-of-1997.md.

python docs/make_claims.py
"""

import re
from pathlib import Path

from longlag.records.claim import judge_all
from longlag.report.claims import summary
from longlag.report.experiments_1997 import experiments, table
from longlag.report.writers.markdown import rows

ROOT = Path(__file__).parents[1]
MARKS = re.compile(r"(<!-- claims -->\n).*?(<!-- end of claims -->)", re.DOTALL)


def written() -> dict[Path, str]:
    """Return both pages with the lines between their marks."""
    results = ROOT / "results"
    lines = {
        ROOT / "README.md": summary(judge_all(results)).strip(),
        ROOT / "docs/experiments-of-1997.md": "\n".join(rows(table(experiments(results)))),
    }
    return {path: between(path.read_text(encoding="utf-8"), text) for path, text in lines.items()}


def between(page: str, lines: str) -> str:
    """Put lines between the marks of a page."""
    return MARKS.sub(lambda match: f"{match[1]}{lines}\n{match[2]}", page)


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
        print(path)
