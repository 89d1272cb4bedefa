"""A process that keeps its memory takes no new pages for the tensors of its next step."""

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import resource, torch
from longlag.runs.malloc import keep_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        some = [torch.ones(10_000_000) for _ in range(3)]
        del some
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
first = faults()
assert keep_memory() and keep_memory()
faults()
print(first, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="an option of glibc")
def test_freed_memory_is_used_again():
    said = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    before, after = map(int, said.stdout.split())
    assert after < before / 10
