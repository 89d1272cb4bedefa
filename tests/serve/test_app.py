"""The server shows what records say, and nothing else of the machine that it runs on."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote
from urllib.request import urlopen

import numpy as np
import pytest
from starlette.applications import Starlette

import command_process
from longlag.cli import main
from longlag.records.reader import read_study
from longlag.records.store import Store
from longlag.serve.app import make_app
from longlag.serve.library import Library


class Reply(NamedTuple):
    status_code: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


class Client(NamedTuple):
    """Sends a path as it stands: a real client would mend `/..` before the server sees it."""

    app: Starlette

    def get(self, path: str, host: str = "here") -> Reply:
        return self.request("GET", path, host)

    def request(self, method: str, path: str, host: str = "here") -> Reply:
        sent: list[Any] = []
        asked: list[bool] = []
        scope = {
            "type": "http", "method": method, "path": unquote(path), "raw_path": path.encode(),
            "headers": [(b"host", host.encode())], "query_string": b"", "root_path": "",
            "scheme": "http", "http_version": "1.1", "server": ("here", 80), "client": None,
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            if asked:  # whoever listens on waits for the end of the connection
                await asyncio.sleep(60)
            asked.append(True)
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return Reply(sent[0]["status"], headers, body.decode())


def client(results: Path, planned=lambda study: None) -> Client:
    return Client(make_app(Library(results, planned), ["here"]))


def test_it_tells_every_run_of_a_study_with_the_score_of_its_record(small: Path):
    told = client(small.parent).get("/api/studies/small").json()
    runs = {run["id"]: run for run in told["runs"]}
    for run in read_study(small).runs:
        assert runs[run.id]["score"] == pytest.approx(run.score(), rel=1e-3)
        assert runs[run.id]["seed"] == run.seed and runs[run.id]["status"] == run.status
    assert told["done"] == len(runs) == len(read_study(small).runs)


def test_the_curves_and_profiles_of_a_run_are_those_of_its_files(small: Path):
    run = next(run for run in read_study(small).runs if run.cell == "lstm" and run.probe)
    told = client(small.parent).get(f"/api/studies/small/{run.id}").json()
    for (split, metric), rows in run.curve.items():
        points = told["curves"][f"{split}/{metric}"]
        assert [p[0] for p in points] == rows[:, 0].tolist()
        assert [p[1] for p in points] == pytest.approx(rows[:, 2].tolist(), rel=1e-3)
    assert set(told["profiles"]["initial"]) == {"h", "c"}
    points = told["profiles"]["initial"]["c"]
    expected = np.log10(run.probe["profile/0/c"][0])
    assert [p[1] for p in points] == pytest.approx(expected[[int(p[0]) for p in points]], rel=1e-3)


def test_a_study_under_way_counts_what_is_recorded_of_what_is_planned(small: Path):
    (small / "plan.json").unlink(missing_ok=True)
    done = len(list(small.glob("*/record.json")))
    Store(small.parent, "small").fail("lstm-adding-0", "longlag train", "<b>broken</b>", "")
    asked = client(small.parent, planned=lambda study: 40)
    told = asked.get("/api/studies/small").json()
    assert (told["done"], told["total"]) == (done, 40)
    assert told["failed"] == [{"command": "longlag train", "error": "<b>broken</b>"}]
    gone = next(small.glob("*/record.json")).parent
    gone.rename(small.parent / "aside")
    assert asked.get("/api/studies/small").json()["done"] == done - 1


def test_a_run_that_trains_is_shown_with_its_curve_and_gradient_so_far(watched: Path):
    told = client(watched.parent).get(f"/api/studies/{watched.name}").json()
    (live,) = told["live"]
    assert (live["step"], live["steps"]) == (10, 20) and live["label"] == "LSTM adding T=6 seed 0"
    assert told["done"] == 0 and [run["status"] for run in told["runs"]] == ["training"]
    shown = client(watched.parent).get(f"/api/studies/{watched.name}/{live['id']}").json()
    assert [step for step, _ in shown["curves"]["validation/mse"]] == [10]
    assert shown["curves"]["validation/mse"][-1][1] == pytest.approx(live["score"], rel=1e-3)
    for end in ("initial", "trained"):
        assert set(shown["profiles"][end]) == {"h", "c"} and len(shown["profiles"][end]["c"]) == 6
    assert shown["profiles"]["initial"] != shown["profiles"]["trained"]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"names": 3}', '{"names": {"cell": "<b>", "task": "x"}}', '{"names": {}}',
     '{"names": {"cell": "a", "task": "b"}, "curves": 3, "steps": "x", "profiles": []}'],
)  # fmt: skip
def test_a_file_of_a_training_that_is_none_of_ours_costs_nothing(content, small: Path):
    (small / ".live").mkdir()
    (small / ".live" / "x-1.json").write_text(content)
    (small / ".live" / "<b>.json").write_text('{"names": {"cell": "a", "task": "b"}}')
    reply = client(small.parent).get("/api/studies/small")
    assert reply.status_code == 200 and len(reply.json()["live"]) <= 1
    assert client(small.parent).get("/api/studies/small/x-1").status_code in (200, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/api/studies/..", "/api/studies/%2e%2e", "/api/studies/..%2f..%2fetc", "/api/studies/.",
        "/report/..%2fsecret", "/report/%2e%2e", "/report/secret", "/api/studies/small/..",
        "/api/studies/small/..%2f..%2fsecret%2frecord", "/page.js/../../secret/report.html",
        "/secret/report.html", "/api/studies/%00", "/../secret/report.html",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_records(path, small: Path):
    outside = small.parents[0] / "secret"  # beside the study, and no study: it has no record
    outside.mkdir()
    for name in ("report.html", "record.txt"):
        (outside / name).write_text("the secret")
    reply = client(small.parent).get(path)
    assert reply.status_code == 404 and "the secret" not in reply.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(method, small: Path):
    asked = client(small.parent)
    before = sorted(small.rglob("*"))
    for path in ("/", "/api/studies", "/api/studies/small", "/report/small"):
        assert asked.request(method, path).status_code == 405
    assert sorted(small.rglob("*")) == before


def test_a_page_of_another_name_is_refused_and_no_answer_may_be_framed(small: Path):
    asked = client(small.parent)
    assert asked.get("/", host="rebound.example").status_code == 400
    for path in ("/", "/page.js", "/api/studies"):
        found = asked.get(path).headers
        assert "frame-ancestors 'none'" in found["content-security-policy"]
        assert found["x-content-type-options"] == "nosniff"
    assert (
        "unsafe-inline" not in asked.get("/").headers["content-security-policy"].split("style")[0]
    )


def test_the_report_is_shown_in_a_sandbox(small: Path):
    (small / "report.html").write_text("<p>the report")
    reply = client(small.parent).get("/report/small")
    assert reply.text == "<p>the report" and "sandbox" in reply.headers["content-security-policy"]


def test_a_record_that_is_cut_off_costs_no_other(small: Path):
    first = next(small.glob("*/record.json"))
    first.write_text(first.read_text()[:100])
    told = client(small.parent).get("/api/studies/small")
    assert told.status_code == 200
    assert first.parent.name not in json.dumps(told.json()["runs"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["port=many"], "port=many"),
        (["results=/nowhere"], "no folder /nowhere"),
        (["bench"], "not bench"),
        (["host=192.0.2.1"], "cannot listen on 192.0.2.1"),
    ],
)
def test_a_mistake_is_told_in_one_line(words, said, tmp_path, capsys):
    folder = [] if words[0].startswith("results") else [f"results={tmp_path}"]
    assert main(["serve", *words, *folder]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error and "\n" not in error


def test_the_command_answers_at_the_address_that_it_prints_and_ctrl_c_ends_it(small: Path):
    words = ["serve", f"results={small.parent}", "port=0"]
    with command_process.start(small.parent, words) as process:
        try:
            address = process.stdout.readline().split()[0]
            with urlopen(f"{address}/api/studies", timeout=60) as answer:
                assert json.load(answer) == ["small"]
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(60) in (0, 130) and "Traceback" not in process.stderr.read()
