"""The HTTP side: a page, its script and style, JSON of studies and runs, and reports."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from longlag.report.atlas import vendored
from longlag.report.words import read
from longlag.serve.library import Library

NOTHING_ELSE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
PAGE = NOTHING_ELSE + (
    "script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src data:"
)
REPORT = NOTHING_ELSE + (
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "sandbox allow-scripts allow-downloads"
)


def make_app(library: Library, hosts: Sequence[str]) -> Starlette:
    """Make the application.  It answers GET and HEAD alone, and only to its own names.

    Args:
        library: what is shown.
        hosts: names that a browser may call it by, against pages that rebind theirs.
    """
    style = str(vendored("tabulator_simple.min.css", "uPlot.min.css")) + read("atlas.css")
    script = str(vendored("tabulator.min.js", "uPlot.iife.min.js")) + read("serve.js")
    texts = {
        "/": (read("serve.html"), "text/html"),
        "/page.css": (style + read("serve.css"), "text/css"),
        "/page.js": (script, "text/javascript"),
    }
    routes = [Route(path, constant(*found)) for path, found in texts.items()]
    routes += [
        Route("/api/studies", answer(lambda: library.names())),
        Route("/api/studies/{study}", answer(library.study)),
        Route("/api/studies/{study}/{run_id}", answer(library.run)),
        Route("/report/{study}", report_of(library)),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[*hosts])],
    )


def headers(policy: str) -> dict[str, str]:
    """Return the headers of every answer."""
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


def constant(text: str, kind: str) -> Callable[[Request], Response]:
    """Answer with one text."""
    return lambda request: Response(text, media_type=kind, headers=headers(PAGE))


def answer(ask: Callable[..., Any]) -> Callable[[Request], Response]:
    """Answer with the JSON of a call, whose arguments stand in the path; 404 if it knows none."""

    def respond(request: Request) -> Response:
        try:
            return JSONResponse(ask(*request.path_params.values()), headers=headers(PAGE))
        except KeyError:
            raise HTTPException(404, "there is no such study or run") from None

    return respond


def report_of(library: Library) -> Callable[[Request], Response]:
    """Answer with the report of a study, in a sandbox of its own."""

    def respond(request: Request) -> Response:
        try:
            path = library.report(request.path_params["study"])
        except KeyError:
            raise HTTPException(404, "there is no such report") from None
        return FileResponse(path, media_type="text/html", headers=headers(REPORT))

    return respond
