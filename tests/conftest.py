"""What every test shares: one torch thread, and no folder of the user's own."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported: children inherit it

import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def own_caches(tmp_path_factory: pytest.TempPathFactory):
    """Nothing is read from or written to the user's own caches."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ.setdefault("LONGLAG_CACHE", str(folder / "engine"))
    os.environ.setdefault("LONGLAG_DATA", str(folder / "data"))
