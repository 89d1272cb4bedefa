"""The interactive figure in a real browser, from a file, with no network."""

import re
from pathlib import Path

from browser import ARTEFACTS, browse, needs_a_browser

pytestmark = needs_a_browser

DRIVE = """<script>
const note = (key, value) => document.body.setAttribute("data-" + key, value);
window.onerror = (message) => note("error", message);
const figure = document.querySelector("figure.panel"), svg = figure.querySelector(".view > svg");
const lines = () => [...figure.querySelectorAll("polyline")].map((l) => l.dataset.label).join(",");
const slider = figure.querySelector("input[type=range]");
const slide = (to) => { slider.value = to; slider.dispatchEvent(new Event("input")); };
note("first", figure.dataset.step); note("lines", lines());
const before = figure.querySelector("polyline").getAttribute("points");
slide(slider.max);
note("last", figure.dataset.step);
note("moved", before !== figure.querySelector("polyline").getAttribute("points"));
const box = svg.getBoundingClientRect();
svg.dispatchEvent(new PointerEvent("pointermove",
  { clientX: box.left + box.width / 2, clientY: box.top + 50 }));
note("hover", figure.dataset.hover);
figure.querySelector(".keys button").click();
note("off", lines());
const select = figure.querySelector("select");
select.value = 1; select.dispatchEvent(new Event("change"));
note("task", select.selectedOptions[0].textContent); note("again", figure.dataset.step);
</script>"""

TABLES = """<script>
const note = (key, value) => document.body.setAttribute("data-" + key, value);
window.onerror = (message) => note("error", message);
const figure = document.querySelector("#scores"), table = figure.querySelector("table");
const first = [...Array(3).keys()].map((i) => i + 1);
const column = (i) => first.map((r) => table.tBodies[0].rows[r].cells[i].textContent).join(";");
const head = table.tHead.rows[0].cells[1].querySelector("button");
head.click(); note("up", column(1)); head.click(); note("down", column(1));
note("first", table.tBodies[0].rows[0].className);
document.querySelector("button.copy").click();
const halves = [...document.querySelectorAll("#flow .panels > div")];
const sizes = halves.map((half) => half.getBoundingClientRect());
note("seen", sizes.every((s) => s.left >= 0 && s.right <= innerWidth));
note("below", sizes[1].top > sizes[0].top);
const text = document.querySelector(".panel .view > svg text").getBoundingClientRect();
note("text", text.height);
note("wide", document.documentElement.scrollWidth <= innerWidth);
</script>"""

LAYERS = """<script>
const note = (key, value) => document.body.setAttribute("data-" + key, value);
window.onerror = (message) => note("error", message);
const figure = document.querySelector("figure.panel");
const lines = () => [...figure.querySelectorAll("polyline")].map((l) => l.dataset.label).join(",");
note("before", lines());
figure.querySelector(".keys .layer").click();
note("off", lines());
figure.querySelector(".keys .layer").click();
note("again", lines());
</script>"""


def test_the_panel_moves_in_training_hovers_toggles_and_changes_task(built, tmp_path):
    page = tmp_path / "driven.html"
    page.write_text((built / "report.html").read_text().replace("</body>", DRIVE + "</body>"))
    body = browse(page, tmp_path, "--dump-dom")
    said = dict(re.findall(r'data-(\w+)="([^"]*)"', body[body.index("<body") :][:2000]))
    assert "error" not in said
    assert said["first"] == "step 0 (initialisation)" and said["last"] == "end of training"
    assert said["lines"] == "RNN,LSTM h,LSTM c,GRU" and said["off"] == "LSTM h,LSTM c,GRU"
    assert said["moved"] == "true" and said["again"] == "step 0 (initialisation)"
    assert re.search(r"LSTM c 0\.\d+; GRU 2\.\d.10⁻³; RNN \d\.\d.10⁻¹", said["hover"])
    assert said["task"] != ""


def test_the_page_is_drawn_and_kept_to_be_looked_at(built, stacks, tmp_path):
    ARTEFACTS.mkdir(exist_ok=True)
    for name, folder in (("report", built), ("report-stack", stacks["two"])):
        picture = ARTEFACTS / f"{name}.png"
        picture.unlink(missing_ok=True)
        flags = ("--window-size=1280,6000", f"--screenshot={picture}")
        browse(folder / "report.html", tmp_path, *flags)
        assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 100_000


def test_the_key_of_a_layer_switches_all_of_its_lines(stacks, tmp_path):
    page = tmp_path / "driven.html"
    page.write_text(
        (stacks["two"] / "report.html").read_text().replace("</body>", LAYERS + "</body>")
    )
    body = browse(page, tmp_path, "--dump-dom")
    said = dict(re.findall(r'data-(\w+)="([^"]*)"', body[body.index("<body") :][:2000]))
    assert "error" not in said
    every = "RNN,LSTM layer 1 h,LSTM layer 1 c,LSTM layer 2 h,LSTM layer 2 c"
    assert said["before"] == every and said["again"] == every
    assert said["off"] == "RNN,LSTM layer 2 h,LSTM layer 2 c"


def driven(page: Path, folder: Path, script: str, *flags: str) -> dict[str, str]:
    """What a script noted of a page."""
    copy = folder / "driven.html"
    copy.write_text(page.read_text().replace("</body>", script + "</body>"))
    body = browse(copy, folder, "--dump-dom", *flags)
    return dict(re.findall(r'data-(\w+)="([^"]*)"', body[body.index("<body") :][:2000]))


def test_a_table_is_sorted_within_its_groups(built, tmp_path):
    said = driven(built / "report.html", tmp_path, TABLES)
    assert "error" not in said
    up, down = said["up"].split(";"), said["down"].split(";")
    assert up == sorted(up, key=float) and down == up[::-1] and said["first"] == "group"


def test_on_a_phone_both_halves_of_the_main_figure_are_seen_and_words_can_be_read(built, tmp_path):
    frame = tmp_path / "phone.html"  # a headless window is never as narrow as a phone
    page = tmp_path / "page.html"
    page.write_text(
        (built / "report.html")
        .read_text()
        .replace("</body>", TABLES.replace("document.body", "parent.document.body") + "</body>")
    )
    frame.write_text(
        f'<body><iframe src="{page.as_uri()}" width="390" height="800"></iframe></body>'
    )
    body = browse(
        frame,
        tmp_path,
        "--dump-dom",
        "--allow-file-access-from-files",
        "--virtual-time-budget=5000",
    )
    said = dict(re.findall(r'data-(\w+)="([^"]*)"', body))
    assert said["seen"] == said["below"] == said["wide"] == "true"
    assert float(said["text"]) >= 10
