"""Write the lines on published claims in README.md: python docs/make_claims.py."""

import re
from pathlib import Path

from longlag.records.claim import judge_all
from longlag.report.claims import summary

ROOT = Path(__file__).parents[1]
MARKS = re.compile(r"(<!-- claims -->\n).*?(<!-- end of claims -->)", re.DOTALL)


def written() -> dict[Path, str]:
    """Return README.md with the lines between its marks."""
    path = ROOT / "README.md"
    lines = summary(judge_all(ROOT / "results")).strip()
    text = path.read_text(encoding="utf-8")
    return {path: MARKS.sub(lambda match: f"{match[1]}{lines}\n{match[2]}", text)}


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
        print(path)
