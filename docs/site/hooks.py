"""What the site adds to docs/: pages that lie elsewhere, the help of the commands, equations.

MkDocs calls the functions whose names begin with `on_`.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

import equations
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from longlag.cli.main import parser

ROOT = Path(__file__).parents[2]
ELSEWHERE = {  # path in the repository: path in the site
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "results/atlas/atlas.md": "results/atlas/atlas.md",
    "results/atlas/atlas.csv": "results/atlas/atlas.csv",
    "results/atlas/index.html": "results/atlas/index.html",
    "results/bench/report.md": "results/bench/report.md",
    "results/bench/report.pdf": "results/bench/report.pdf",
    "results/bench/gradient-flow.svg": "results/bench/gradient-flow.svg",
}
ORIGIN = {site: repository for repository, site in ELSEWHERE.items()}
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)]*)?\)")
CITATION = re.compile(r"(?<= )\[(\d+)\]")  # of a report: "[1] [2]" would be a link
COMMANDS = "reference/commands.md"


def on_config(config: MkDocsConfig) -> None:
    """Teach fences to typeset equations, and leave pages out of the menu that are not there."""
    fence = {"name": "equations", "class": "equations", "format": equations.fence}
    config.mdx_configs["pymdownx.superfences"] = {"custom_fences": [fence]}
    config.nav = present(config.nav, Path(config.docs_dir))


def present(nav: Any, docs: Path) -> Any:
    """Return a menu without the pages of docs/ that do not exist."""
    if isinstance(nav, list):
        return [kept for item in nav if (kept := present(item, docs))]
    if isinstance(nav, dict):
        return {name: kept for name, item in nav.items() if (kept := present(item, docs))}
    return nav if nav in ORIGIN or nav == COMMANDS or (docs / nav).exists() else None


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add the pages that do not lie in docs/."""
    for repository, site in ELSEWHERE.items():
        if (ROOT / repository).exists():
            files.append(File.generated(config, site, abs_src_path=str(ROOT / repository)))
    files.append(File.generated(config, COMMANDS, content=commands()))


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn the links of a page, which hold in the repository, into those of the site."""
    site = page.file.src_uri
    here = ORIGIN.get(site, f"docs/{site}")

    def moved(link: re.Match[str]) -> str:
        picture, text, target, anchor = link.groups(default="")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(here), target))
        if path in ELSEWHERE:
            found = ELSEWHERE[path]
        elif path.startswith("docs/"):
            found = path.removeprefix("docs/")
        else:
            return text  # of the repository alone, or of a run that is not part of it
        start = posixpath.dirname(site) or "."
        return f"{picture}[{text}]({posixpath.relpath(found, start)}{anchor})"

    if site.startswith("results/"):
        markdown = CITATION.sub(r"\\[\1\\]", markdown)
    return LINK.sub(moved, markdown)


def commands() -> str:
    """Write the page of all commands, from their own help."""
    top, each = parser()
    parts = ["# Commands", "", "```text", top.format_help().rstrip(), "```"]
    for name, command in each.items():
        parts += ["", f"## longlag {name}", "", "```text", command.format_help().rstrip(), "```"]
    return "\n".join(parts) + "\n"
