"""Write docs/how-to-choose-a-cell.md from results/atlas: python docs/make_choice.py."""

from pathlib import Path

from longlag.report.atlas import to_choice

DOCS = Path(__file__).parent
STUDY = DOCS.parent / "results" / "atlas"


def written() -> dict[Path, str]:
    """Return the page by its path."""
    return {DOCS / "how-to-choose-a-cell.md": to_choice(STUDY)}


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
        print(path)
