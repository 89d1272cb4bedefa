"""Words of a stranger that try to run, and where a study's records hold them."""

import json
import re
import shlex
from pathlib import Path

from browser import browse
from longlag.records.reader import read_json

MARK = "document.documentElement.setAttribute('data-pwned', 1)"
NASTY = (
    f'<script>{MARK}</script><img src=x onerror="{MARK}"><!--<script> </script> \' " & '
    '#read("/etc/passwd") $x $ @nobody *a* _b_ `c` [link=https://example.org]l[/link] [/bold] '
    f"[x](javascript:alert) %{{y}} \\input{{/etc/passwd}} τ {'long' * 200}"
)
ESCAPES = "\x1b]0;pwned\x07\x1b[2J\u202egnp.exe"


def planted(folder: Path) -> None:
    """Put hostile words wherever a record, a plan and a failure hold text."""
    for path in folder.glob("*/record.json"):
        record = read_json(path)
        record["command"] = f"longlag train seed=0; touch {folder}/pwned {shlex.quote(NASTY)}"
        record["floors"][0]["why"] = NASTY
        record["task"] |= {"source": NASTY, "kind": NASTY}
        record["machine"] |= {"isa": NASTY, "system": NASTY}
        record["versions"] |= {"torch": NASTY, NASTY: 1}
        record["git"]["commit"] = NASTY
        record["config"]["optim"] |= {"note": f"{NASTY} {record['seed'] % 2}"}
        record["config"]["cell"]["_target_"] = NASTY
        if record["solved"]:
            record["solved"]["source"] = NASTY
        path.write_text(json.dumps(record))
    plan = read_json(folder / "plan.json")
    failed = {"id": "x", "command": NASTY + ESCAPES, "error": NASTY + ESCAPES}
    plan |= {"title": NASTY + ESCAPES, "question": NASTY + ESCAPES, "failed": [failed]}
    (folder / "plan.json").write_text(json.dumps(plan))
    (folder / "failed").mkdir()
    (folder / "failed" / "x.json").write_text(json.dumps(failed))


def pwned(page: Path, folder: Path) -> bool:
    """Whether a word of a record ran in the page."""
    seen = browse(page, folder, "--virtual-time-budget=3000", "--dump-dom")
    found = re.search(r"<html[^>]*>", seen)
    assert found, seen[:200]
    return "data-pwned" in found[0]
