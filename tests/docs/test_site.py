"""The site of `make docs`: strict about links, whole without a network, equations unchanged."""

import inspect
import json
import re
import subprocess
import sys
import unicodedata
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import longlag
import longlag.cells
import longlag.cells.wrappers
from browser import browse, needs_a_browser
from markdown_page import ROOT

NAMED = {
    "docs/reference/library.md": longlag.__all__,
    "docs/reference/cells.md": [*longlag.cells.__all__, *longlag.cells.wrappers.__all__],
}
ELSEWHERE = {"Kernel", "LSTMState", "Cell", "LinearCell", "Hidden"}  # words of a cell, no cells


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it: every warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def equations(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "docs" / "site"), *sys.path])
    import equations  # pyright: ignore[reportMissingImports]

    return equations


def links(page: Path) -> list[str]:
    """What a page leads to or loads."""
    return re.findall(r'\s(?:href|src)="([^"]*)"', page.read_text(encoding="utf-8"))


def test_every_link_leads_to_a_file_and_an_anchor_of_the_site(site: Path):
    pages = [page for page in site.rglob("*.html") if "atlas/index" not in page.as_posix()]
    assert len(pages) > 15
    for page in pages:
        for link in links(page):
            parts = urlsplit(unescape(link))
            if parts.scheme or page.name == "404.html":  # of no place, so its links have a root
                continue
            target = page.parent / unquote(parts.path) if parts.path else page
            assert target.exists(), f"{page.name} leads to {link}"
            if parts.fragment and target.suffix == ".html":
                anchor = f'id="{unquote(parts.fragment)}"'
                assert anchor in target.read_text(encoding="utf-8"), f"{page.name}: {link}"


def test_nothing_is_loaded_from_a_network(site: Path):
    loads = (
        r'<(?:script|img|iframe|source)\b[^>]*\ssrc="(?:https?:)?//|<link\b[^>]*\shref="https?://'
    )
    for page in site.rglob("*.html"):
        assert not re.findall(loads, page.read_text(encoding="utf-8")), page
    for sheet in site.rglob("*.css"):
        assert not re.findall(r"(?:url\(|@import\s*)[\"']?(?:https?:)?//", sheet.read_text()), sheet


@needs_a_browser
def test_a_browser_asks_no_host_for_anything(site: Path, tmp_path: Path):
    log = tmp_path / "net.json"
    dom = browse(site / "reference/cells.html", tmp_path, f"--log-net-log={log}", "--dump-dom")
    assert "<math>" in dom
    text = log.read_text(encoding="utf-8")
    kinds = json.loads(text[: text.rindex("]")] + "]}" if text.rstrip()[-1] != "}" else text)
    events = [event.get("params", {}) for event in kinds["events"]]
    for event in events:  # the browser's own requests have no initiator
        assert event.get("initiator", "not an origin") == "not an origin" or not event.get(
            "url", ""
        ).startswith("http"), event["url"]


GREEK = {"eps": "epsilon", "lambda": "lamda"}  # as Unicode calls them
SIGNS = {
    "*": "\u2299",
    "-": "\u2212",
    "<-": "\u2190",
    "<=": "\u2264",
    "||": "\u2016",
    " ~ ": "\u223c",
}


def read_aloud(text: str) -> str:
    """Return an equation's letters, numbers, signs and parentheses, without its layout."""
    text = re.sub(r"[_^]\(([^()]*)\)", r"\1", text)
    for name in ("alpha", "beta", "gamma", "eps", "theta", "lambda", "nu", "phi", "pi"):
        sign = unicodedata.lookup(f"greek small letter {GREEK.get(name, name)}")
        text = re.sub(rf"(?<![A-Za-z]){name}(?![A-Za-z])", sign, text)
    text = re.sub(r"(?<![A-Za-z])dt(?![A-Za-z])", "\u0394t", text)
    for name in sorted(SIGNS, key=len, reverse=True):
        text = text.replace(name, SIGNS[name])
    return re.sub(r"[\s^]|_(?!gradient)", "", text)


@pytest.mark.parametrize(
    "name", sorted({*longlag.cells.__all__, *longlag.cells.wrappers.__all__} - ELSEWHERE)
)
def test_a_typeset_equation_has_the_symbols_of_the_docstring_in_their_order(name: str, equations):
    kind = getattr(longlag.cells, name, None) or getattr(longlag.cells.wrappers, name)
    doc = inspect.getdoc(kind) or ""
    blocks = re.findall(r"\n\n((?: {4}.*\n)+)", doc.partition("\nArgs:")[0] + "\n")
    for block in filter(lambda text: " = " in text or " ~ " in text, blocks):
        for row in equations.rows(block):
            for part in (row.left, row.right):
                seen = unescape(re.sub(r"<[^>]*>", "", equations.math(part)))
                assert "mtext" in equations.math(part) or re.sub(r"\s", "", seen) == read_aloud(
                    part
                )
            assert " ".join(filter(None, row[:3])).replace(" ", "") in block.replace(" ", "")


def test_equations_are_typeset_in_all_cells_and_what_is_none_is_left_as_it_is(
    site: Path, equations
):
    page = (site / "reference/cells.html").read_text(encoding="utf-8")
    assert page.count('<div class="equations">') >= 24
    assert page.count("<mtext>") <= 2  # sentences among the equations
    with pytest.raises(equations.NotAnEquationError):
        equations.tokens("as in GRU; or not")
    with pytest.raises(equations.NotAnEquationError):
        equations.expression(equations.tokens("h_(t-1"))
    assert equations.math("h_(t-1)").count("<msub>") == 1


@pytest.mark.parametrize("page", NAMED)
def test_every_public_name_stands_in_the_reference(page: str):
    text = (ROOT / "docs/reference/cells.md").read_text() + (ROOT / page).read_text()
    shown = set(re.findall(r"^::: longlag\.(?:\w+\.)*(\w+)", text, re.MULTILINE))
    assert set(NAMED[page]) - shown <= ({"Kernel", "LSTMState"} | ELSEWHERE)


PHONE = """<!doctype html><body><iframe width="390" height="800"></iframe><script>
const frame = document.querySelector("iframe"), wide = [];
(async () => {
  for (const page of PAGES) {
    await new Promise((loaded) => { frame.onload = loaded; frame.src = page; });
    const seen = frame.contentWindow, scrolls = (node) => node && node !== seen.document.body
      && (seen.getComputedStyle(node).overflowX === "auto" || scrolls(node.parentElement));
    for (const node of seen.document.querySelectorAll("article *"))
      if (node.getBoundingClientRect().right > 391 && !scrolls(node.parentElement))
        wide.push(`${page} ${node.tagName} ${node.textContent.slice(0, 40)}`);
  }
  document.body.setAttribute("data-wide", wide.join() || "none");
})();
</script>"""


@needs_a_browser
def test_nothing_on_a_page_is_wider_than_a_phone_but_what_scrolls(site: Path, tmp_path: Path):
    pages = sorted(page.relative_to(site).as_posix() for page in site.rglob("*.html"))
    pages = [page for page in pages if page not in ("404.html", "results/atlas/index.html")]
    assert len(pages) > 20
    frame = site / "phone.html"
    frame.write_text(PHONE.replace("PAGES", json.dumps(pages)))
    try:
        flags = ("--allow-file-access-from-files", "--virtual-time-budget=60000", "--dump-dom")
        assert 'data-wide="none"' in browse(frame, tmp_path, *flags)
    finally:
        frame.unlink()
