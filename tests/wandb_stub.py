"""A stand-in for the server of W&B on this machine: as much of it as `wandb sync` asks for."""

import gzip
import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ME = {"id": "u", "entity": "me", "username": "me", "name": "me", "flags": "{}"}
PROJECT = {"id": "p", "name": "longlag", "entity": {"id": "e", "name": "me"}}


class Server(ThreadingHTTPServer):
    """Keeps what it is sent, by the name of the run."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.runs: dict[str, dict[str, Any]] = defaultdict(dict)  # as they were announced
        self.history: dict[str, list[dict[str, Any]]] = defaultdict(list)  # what was logged
        self.files: dict[str, dict[str, bytes]] = defaultdict(dict)
        self.artifacts: dict[str, dict[str, Any]] = {}  # as they were announced, by name
        self.committed: list[str] = []  # names, once all their files were there
        self.requests = 0
        self.refuses: set[str] = set()  # names that a run goes by, and that are not taken

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hangs up."""

    def graphql(self, query: str, given: dict[str, Any]) -> dict[str, Any]:
        """Answer a query by the names in it."""
        if "upsertBucket" in query:
            name = given["name"]
            self.runs[name] |= {key: value for key, value in given.items() if value is not None}
            bucket = {"id": name, "name": name, "displayName": None, "description": None}
            bucket |= {"config": "{}", "sweepName": None, "project": PROJECT, "historyLineCount": 0}
            return {"upsertBucket": {"bucket": bucket, "inserted": True}}
        if "createRunFiles" in query:
            files = [
                {"name": file, "uploadUrl": f"{self.url}/put/{given['run']}/{file}"}
                for file in given["files"]
            ]
            return {"createRunFiles": {"runID": given["run"], "uploadHeaders": [], "files": files}}
        if "rtifact" in query:
            return self.artifact(query, given)
        return {"viewer": ME} if "viewer" in query else {}

    def artifact(self, query: str, given: dict[str, Any]) -> dict[str, Any]:
        """Answer a query about artifacts, which are kept by name, and their files by id."""
        asked = given.get("input", given)
        if "createArtifact(" in query:
            name = asked["artifactCollectionName"]
            self.artifacts[name] = asked
            made = {"id": f"artifact-{name}", "state": "PENDING"}
            made["artifactSequence"] = {"id": name, "latestArtifact": None}
            return {"createArtifact": {"artifact": made}}
        if "createArtifactManifest(" in query:
            file = self.place(asked["artifactID"], asked["name"])
            return {"createArtifactManifest": {"artifactManifest": {"id": "m", "file": file}}}
        if "createArtifactFiles(" in query:
            files = [
                self.place(file["artifactID"], file["name"]) for file in asked["artifactFiles"]
            ]
            return {"createArtifactFiles": {"files": {"edges": [{"node": file} for file in files]}}}
        if "commitArtifact(" in query:
            self.committed.append(asked["artifactID"])
            return {"commitArtifact": {"artifact": {"id": asked["artifactID"], "digest": ""}}}
        if "ArtifactByID" in query:
            return {"artifact": told_of(given["id"], self.artifacts)}
        return {"project": None}  # there is none of that name yet

    def place(self, owner: str, file: str) -> dict[str, Any]:
        """Tell where a file of an artifact is to be put."""
        found = {"id": file, "name": file, "displayName": file, "uploadHeaders": []}
        return found | {"uploadUrl": f"{self.url}/put/{owner}/{file}", "artifact": {"id": owner}}


def told_of(owner: str, known: dict[str, Any]) -> dict[str, Any]:
    """What the server tells of an artifact that it took."""
    name = owner.removeprefix("artifact-")
    unknown = ("versionIndex", "description", "metadata", "historyStep", "commitHash", "updatedAt")
    return dict.fromkeys(unknown) | {
        "id": owner,
        "artifactSequence": {"name": name, "project": None},
        "artifactType": {"name": known[name]["artifactTypeName"]},
        "ttlDurationSeconds": 0,
        "ttlIsInherited": True,
        "tags": [],
        "state": "COMMITTED",
        "size": 1,
        "digest": "",
        "fileCount": 1,
        "createdAt": "2026-01-01T00:00:00",
    }


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

    def answer(self) -> None:
        """Take a request of any kind."""
        self.server.requests += 1
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        status, content = self.take([part for part in self.path.split("/") if part], body)
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = answer

    def take(self, where: list[str], body: bytes) -> tuple[int, Any]:
        """Keep what was sent; return the status and the answer."""
        if where == ["graphql"]:
            asked = json.loads(body)
            given = asked.get("variables") or {}
            if given.get("name") in self.server.refuses:
                return 403, {"errors": [{"message": "permission denied"}]}
            return 200, {"data": self.server.graphql(asked["query"], given)}
        if where[0] == "put":
            self.server.files[where[1]]["/".join(where[2:])] = body
        elif where[-1] == "file_stream":
            lines = json.loads(body).get("files", {}).get("wandb-history.jsonl", {})
            rows = [json.loads(line) for line in lines.get("content", ())]
            first = lines.get("offset", 0)
            self.server.history[where[-2]][first : first + len(rows)] = rows
        return 200, {}


@contextmanager
def serving() -> Iterator[Server]:
    """Serve until the end of the block."""
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
