"""A browser without a window, for tests of pages, where there is one."""

import shutil
import subprocess
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), "")
ARTEFACTS = Path(__file__).parents[1] / "artefacts"  # git ignores it
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
needs_a_browser = pytest.mark.skipif(
    not BROWSER, reason=f"no browser to test the pages in: none of {', '.join(NAMES)}"
)


def browse(page: Path, folder: Path, *flags: str) -> str:
    """Open a page in a browser of its own; what it prints."""
    command = [BROWSER, *FLAGS, f"--user-data-dir={folder / 'profile'}", *flags, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
