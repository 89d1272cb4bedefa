"""Data that no package ships: fetched once, by a maintained loader, or refused in one line."""

import http.client
import os
import socket
from collections.abc import Callable
from typing import TypeVar

from longlag.errors import MissingData
from longlag.tasks.data.cache import folder

Fetched = TypeVar("Fetched")
TIMEOUT = 30.0  # seconds without a byte


def download(what: str, fetch: Callable[[], Fetched]) -> Fetched:
    """Return what `fetch` returns, which may use a network.

    Args:
        what: is fetched, as the subject of a sentence.
        fetch: the loader.

    Raises:
        MissingData: there is no network, or LONGLAG_OFFLINE is set.
    """
    remedy = f"run this once with a network, after that it is kept in {folder()}"
    if os.environ.get("LONGLAG_OFFLINE"):
        raise MissingData(
            f"{what} is not on this machine, and LONGLAG_OFFLINE is set: unset it and {remedy}"
        )
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        return fetch()
    except (OSError, ValueError, http.client.HTTPException) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise MissingData(
            f"{what} is not on this machine and could not be fetched ({said}): {remedy}"
        ) from None
    finally:
        socket.setdefaulttimeout(before)
