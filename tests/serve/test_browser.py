"""The page in a real browser, over HTTP on this machine alone, wide and as narrow as a phone."""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.responses import HTMLResponse
from starlette.routing import Route

from browser import ARTEFACTS, BROWSER, FLAGS, needs_a_browser
from longlag.cli.serve import bound
from longlag.serve import app as pages
from longlag.serve.library import Library

pytestmark = needs_a_browser
FRAME = """<!doctype html><body><iframe src="/#study" width="390" height="1900"></iframe><script>
setTimeout(() => {
  const page = document.querySelector("iframe").contentDocument;
  const all = (css) => [...page.querySelectorAll(css)];
  const note = (key, value) => document.body.setAttribute("data-" + key, value);
  note("title", page.getElementById("title").textContent);
  note("facts", page.getElementById("facts").textContent);
  note("state", page.getElementById("state").textContent);
  note("drawn", all("figure canvas").length);
  note("rows", all(".tabulator-row").length > 5);
  note("chosen", page.getElementById("chosen").textContent);
  note("report", page.getElementById("report").getAttribute("href"));
  note("live", page.getElementById("live").textContent);
  note("bar", all("#live progress").map((bar) => bar.value / bar.max).join());
  note("pwned", page.body.dataset.pwned || "no");
  note("failure", page.querySelector("#failed li")?.textContent.includes("<img") || "none");
  note("dashed", all(".u-marker").filter((m) => m.style.border.includes("dashed")).length);
  note("high", page.getElementById("table").offsetHeight);
  note("wide", page.documentElement.scrollWidth <= 390);
  page.getElementById("theme").click(); page.getElementById("theme").click();
  note("paper", getComputedStyle(page.body).backgroundColor);
}, 5000);
</script>"""


@pytest.fixture
def address(study: Path, monkeypatch) -> Iterator[str]:
    """A server of a study; its page may stand in a frame, for a window is never narrow."""
    (study / "report.html").write_text("<p>the report")
    yield from served(study, monkeypatch)


@pytest.fixture
def live(watched: Path, monkeypatch) -> Iterator[str]:
    """A server of a study whose one run is training."""
    yield from served(watched, monkeypatch)


@pytest.fixture
def hostile(study: Path, monkeypatch) -> Iterator[str]:
    """A server of a study whose records hold what a page must not run."""
    nasty = "<img src=x onerror=\"document.body.setAttribute('data-pwned', 1)\">\u202e"
    for path in study.glob("*/record.json"):
        record = json.loads(path.read_text()) | {"command": f"longlag train {nasty[:-1]!r}"}
        path.write_text(json.dumps(record))
    plan = json.loads((study / "plan.json").read_text())
    failed = {"id": "x", "command": nasty, "error": nasty}
    plan |= {"title": nasty, "question": nasty, "failed": [failed]}
    (study / "plan.json").write_text(json.dumps(plan))
    (study / "failed").mkdir()
    (study / "failed" / "x.json").write_text(json.dumps(failed))
    yield from served(study, monkeypatch)


def served(study: Path, monkeypatch) -> Iterator[str]:
    """The address of a server of a study, until the test ends."""
    monkeypatch.setattr(pages, "PAGE", pages.PAGE.replace("frame-ancestors 'none'", ""))
    app = pages.make_app(Library(study.parent, lambda study: None), ["127.0.0.1"])
    frame = FRAME.replace("#study", f"#{study.name}")
    app.routes.append(Route("/phone", lambda request: HTMLResponse(frame)))
    socket = bound("127.0.0.1", "0")
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    socket.close()


def open_page(address: str, folder: Path, *flags: str) -> str:
    """Open an address in a browser of its own; the page as it is after a while."""
    wait = ["--timeout=20000", "--virtual-time-budget=9000", f"--user-data-dir={folder}"]
    command = [BROWSER, *FLAGS, *wait, *flags, address]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def test_on_a_phone_the_page_shows_progress_runs_curves_and_gradients_in_light_and_dark(
    address: str, tmp_path: Path
):
    body = open_page(f"{address}/phone", tmp_path, "--dump-dom")
    said = dict(re.findall(r' data-(\w+)="([^"]*)"', body[body.rindex("<body") :][:2000]))
    assert said["title"] and said["state"] == ""
    assert re.match(r"\d+ of \d+ runs recorded", said["facts"])
    assert said["drawn"] == "4" and said["rows"] == "true" and said["report"] == "/report/study"
    assert all(f"{cell} adding T=100 seed" in said["chosen"] for cell in ("RNN", "LSTM", "GRU"))
    assert said["wide"] == "true" and said["paper"] == "rgb(23, 24, 28)"
    assert said["dashed"] == "2" and int(said["high"]) > 300  # c of the LSTM, before and after


def told(address: str, folder: Path) -> dict[str, str]:
    """What the page shows on a phone."""
    body = open_page(f"{address}/phone", folder, "--dump-dom")
    return dict(re.findall(r' data-(\w+)="([^"]*)"', body[body.rindex("<body") :][:3000]))


def test_a_run_that_trains_is_seen_with_its_curve_and_gradient_on_a_phone(
    live: str, tmp_path: Path
):
    said = told(live, tmp_path)
    assert said["live"].startswith("LSTM adding T=6 seed 0: step 10 of 20, validation mse ")
    assert said["bar"] == "0.5" and said["facts"].startswith("0 runs recorded, 1 training")
    assert said["chosen"] == "LSTM adding T=6 seed 0" and said["drawn"] == "4"
    assert said["wide"] == "true" and said["state"] == ""
    assert int(said["high"]) < 200  # one row


def test_words_of_a_record_are_words_on_the_page(hostile: str, tmp_path: Path):
    said = told(hostile, tmp_path)
    assert said["pwned"] == "no" and said["title"].startswith("&lt;img src=x")
    assert said["failure"] == "true" and said["drawn"] == "4"


def test_a_run_that_trains_is_drawn_and_kept_to_be_looked_at(live: str, tmp_path: Path):
    ARTEFACTS.mkdir(exist_ok=True)
    for name, page, size in (("desktop", "#now", "1300,1700"), ("phone", "phone", "500,2000")):
        picture = ARTEFACTS / f"serve-live-{name}.png"
        picture.unlink(missing_ok=True)
        open_page(f"{live}/{page}", tmp_path, f"--window-size={size}", f"--screenshot={picture}")
        assert picture.stat().st_size > 20_000


def test_the_pages_are_drawn_and_kept_to_be_looked_at(address: str, tmp_path: Path):
    ARTEFACTS.mkdir(exist_ok=True)
    for name, page, size in (("desktop", "#study", "1300,1700"), ("phone", "phone", "500,2000")):
        picture = ARTEFACTS / f"serve-{name}.png"
        picture.unlink(missing_ok=True)
        open_page(f"{address}/{page}", tmp_path, f"--window-size={size}", f"--screenshot={picture}")
        assert picture.stat().st_size > 40_000
