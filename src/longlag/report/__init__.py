"""A study as something to read: one document, set as HTML, as a paper and as Markdown."""

from pathlib import Path

from longlag.errors import look_for

__all__ = ["build"]


def build(study_folder: Path) -> list[Path]:
    """Write report.html, .pdf and .md, supplement.pdf, references.bib, the gradient figure, tables.

    Args:
        study_folder: results/<study>, with a folder a run and, from a sweep, plan.json.

    Returns:
        The files written, and the folder of the tables: a csv and a LaTeX file of each.

    Raises:
        LonglagError: no finished run in the folder, or a package of the extra `report` is missing.
    """
    look_for("matplotlib", "jinja2", "typst")
    from longlag.records import reader
    from longlag.report import compose, writers

    document = compose.compose(reader.read_study(study_folder))
    return writers.write(document, study_folder)
