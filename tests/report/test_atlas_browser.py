"""The page of an atlas in a real browser, from a file, with no network."""

import re
from pathlib import Path

from browser import ARTEFACTS, browse, needs_a_browser

pytestmark = needs_a_browser
DRIVE = """<script>
const note = (key, value) => document.body.setAttribute("data-" + key, value);
window.onerror = (message) => note("error", message);
setTimeout(() => {
  const table = Tabulator.findTable("#table")[0];
  const all = (css) => [...document.querySelectorAll(css)];
  const shown = (field) => table.getRows("active").map((row) => row.getData()[field]).join(";");
  const place = (task) => table.getRows("active").map((row) => row.getData().tasks[task].shown);
  note("cells", table.getDataCount());
  note("chosen", document.getElementById("chosen").textContent);
  note("lines", all("#success .u-series").length + "," + all("#profile .u-series").length);
  table.setSort("tasks.adding.value", "desc"); note("best", place("adding")[0]);
  note("worst", place("adding").at(-1));
  table.setSort("tasks.parity.value", "desc"); note("unknown", place("parity").at(-1));
  table.setSort("tasks.parity.value", "asc"); note("again", place("parity").at(-1));
  table.setHeaderFilterValue("family", "ODE"); note("family", shown("cell"));
  note("count", document.getElementById("count").textContent);
  table.setHeaderFilterValue("tasks.parity.value", "50"); note("both", shown("cell"));
  document.getElementById("clear").click(); note("cleared", table.getDataCount("active"));
  table.deselectRow(); table.selectRow(["lru", "transformer"]);
  note("other", document.getElementById("chosen").textContent);
  note("beside", document.querySelector("#beside tbody").rows.length);
  note("dots", all("#foretold circle").length);
  const dark = document.getElementById("theme"); dark.click(); dark.click();
  note("theme", document.documentElement.dataset.theme);
  note("paper", getComputedStyle(document.body).backgroundColor);
  document.querySelector("circle[data-cell=lstm]").dispatchEvent(new MouseEvent("click"));
  const card = document.getElementById("card");
  note("card", card.open + ":" + card.querySelector("h2").textContent);
  note("equation", card.querySelector("code").textContent);
  note("drawn", card.querySelectorAll("canvas").length);
  card.querySelector(".close").click(); note("closed", !card.open);
  const count = () => table.getSelectedRows().length, before = count();
  const name = document.querySelector(".tabulator-row .name"); name.click();
  note("clicked", card.querySelector("h2").textContent === name.textContent);
  card.close(); note("kept", count() === before);
  document.querySelector(".tabulator-row:not(.tabulator-selected) input").click();
  note("ticked", count() - before);
  note("wide", document.documentElement.scrollWidth <= innerWidth);
}, 300);
</script>"""
FLAGS = ("--dump-dom", "--virtual-time-budget=4000")


def said_by(text: str) -> dict[str, str]:
    """What a page noted of itself."""
    return dict(re.findall(r' data-(\w+)="([^"]*)"', text))


def driven(page: Path, folder: Path) -> Path:
    """A copy of a page that plays with itself."""
    copy = folder / "driven.html"
    copy.write_text(page.read_text().replace("</body>", DRIVE + "</body>"))
    return copy


def test_the_table_sorts_filters_and_compares_and_a_card_opens(atlas_folder: Path, tmp_path: Path):
    body = browse(driven(atlas_folder / "index.html", tmp_path), tmp_path, *FLAGS)
    said = said_by(body[body.rindex("<body") :][:2000])
    assert "error" not in said
    assert said["cells"] == "40" and said["chosen"] == "RNNLSTMGRU" and said["lines"] == "3,3"
    assert said["best"] == "≥ 200" and said["worst"] == "&lt; 5"
    assert said["unknown"] == said["again"] == "?"  # what is not known is last either way
    assert set(said["family"].split(";")) == {
        "antisymmetric",
        "antisymmetric_gated",
        "cornn",
        "lem",
    }
    assert said["count"] == "4 of 40 cells" and said["cleared"] == "40"
    assert set(said["both"].split(";")) <= set(said["family"].split(";")) and said["both"]
    assert said["other"] == "LRUTransformer (no recurrence)" and said["beside"] == "2"
    assert said["dots"] == "38" and said["theme"] == "dark" and said["paper"] == "rgb(23, 24, 28)"
    assert said["card"] == "true:LSTM" and said["equation"].startswith("c = f c' + i g")
    assert said["clicked"] == said["kept"] == "true" and said["ticked"] == "1"
    assert said["drawn"] == "2" and said["closed"] == "true" and said["wide"] == "true"


def test_the_page_needs_no_network_and_carries_the_licences_of_what_it_holds(atlas_folder: Path):
    text = (atlas_folder / "index.html").read_text()
    assert not re.search(
        r'(?:src|href)="(?!data:|#)|url\(\s*["\']?http|@import|sourceMappingURL', text
    )
    assert text.count("Permission is hereby granted") == 2 and len(text) < 1_500_000


def test_nothing_of_the_page_is_wider_than_a_phone(atlas_folder: Path, tmp_path: Path):
    page = driven(atlas_folder / "index.html", tmp_path)
    page.write_text(page.read_text().replace("document.body.set", "parent.document.body.set"))
    frame = tmp_path / "phone.html"  # a headless window is never as narrow as a phone
    frame.write_text(f'<body><iframe src="{page.as_uri()}" width="390" height="800"></iframe>')
    said = said_by(browse(frame, tmp_path, "--allow-file-access-from-files", *FLAGS))
    assert "error" not in said and said["wide"] == "true" and said["drawn"] == "2"


def test_the_page_is_drawn_and_kept_to_be_looked_at(atlas_folder: Path, tmp_path: Path):
    ARTEFACTS.mkdir(exist_ok=True)
    picture = ARTEFACTS / "atlas.png"
    picture.unlink(missing_ok=True)
    flags = ("--window-size=1400,3000", "--virtual-time-budget=3000", f"--screenshot={picture}")
    browse(atlas_folder / "index.html", tmp_path, *flags)
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 100_000
