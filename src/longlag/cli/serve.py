"""`longlag serve`: the studies of a results folder in the browser."""

import argparse
import socket
from collections.abc import Callable
from pathlib import Path

from longlag.cli.find import take_options
from longlag.errors import LonglagError, look_for

DEFAULT = "127.0.0.1"


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C.

    Raises:
        LonglagError: the words are wrong, the folder is missing, or the port is taken.
    """
    look_for("starlette", "uvicorn", "jinja2")
    words, options = take_options(arguments.words, "results", "host", "port")
    results, host = Path(options.get("results", "results")), options.get("host", DEFAULT)
    port = options.get("port", "8100")
    if words or not port.isdecimal() or int(port) > 65535:
        given = " ".join(words) or f"port={port}"
        raise LonglagError(f"longlag serve takes results=, host= and port=NUMBER, not {given}")
    if not results.is_dir():
        raise LonglagError(f"there is no folder {results}; give results=FOLDER")
    import uvicorn

    from longlag.serve.app import make_app
    from longlag.serve.library import Library

    app = make_app(Library(results, planned_in(results, arguments.config_dir)), names(host))
    config = uvicorn.Config(app, host=host, port=int(port), log_level="error", server_header=False)
    sockets = [bound(host, port)]
    print(f"http://{host}:{sockets[0].getsockname()[1]}  (read-only; Ctrl-C ends it)", flush=True)
    uvicorn.Server(config).run(sockets)
    return 0


def names(host: str) -> list[str]:
    """Return what a browser may call the server: any name, where it listens to other machines."""
    return ["*"] if host in ("0.0.0.0", "::") else [host, DEFAULT, "localhost"]


def bound(host: str, port: str) -> socket.socket:
    """Bind the port, or say that it cannot be had."""
    try:
        return socket.create_server((host, int(port)))
    except OSError as error:
        raise LonglagError(
            f"cannot listen on {host}:{port}: {error.strerror}; give another port=NUMBER"
        ) from None


def planned_in(results: Path, config_dir: Path | None) -> Callable[[str], int | None]:
    """Return a function that counts the runs of a study of conf/ that has no plan.json yet."""
    from longlag.records.store import Store

    counts: dict[str, int | None] = {}

    def planned(study: str) -> int | None:
        if study not in counts:
            from longlag.studies.plan import StudyPlan
            from longlag.studies.study import study_of

            try:
                found = study_of([f"study={study}"], config_dir)
                counts[study] = StudyPlan(found, Store(results, study), config_dir).total
            except LonglagError:  # not one of conf/study: single runs, or a study of elsewhere
                counts[study] = None
        return counts[study]

    return planned
