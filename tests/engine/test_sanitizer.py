"""No compiled step reads or writes outside its buffers (slow: `pytest -m slow tests/engine`)."""

import os
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from longlag.engine import c_compiler
from recurrences import YAMLS

SCRIPT = """
import sys, warnings
from pathlib import Path
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from longlag.engine import unroll
warnings.simplefilter("ignore")
for path in map(Path, sys.argv[1:]):
    for B, H in ((1, 3), (5, 16), (7, 37)):
        cell = instantiate(OmegaConf.load(path))(3, H)
        x = torch.randn(4, B, 3, requires_grad=True)
        run = unroll(cell, x, backend="compiled")
        run.y.sum().backward()
    print(path.stem, run.backend)
"""


CANARY = """
import ctypes, torch
from longlag.engine.c_compiler import library
x = torch.zeros(8)
write = library("void write(float *x, long n) { x[n] = 1; }\\n").write
write(ctypes.c_void_p(x.data_ptr()), ctypes.c_long(8))
"""


def sanitized(script: str, cache: Path, *arguments: str) -> CompletedProcess[str]:
    """Run a script whose C is built with the sanitizers, beside their allocator."""
    asan = subprocess.run(
        [c_compiler.compiler(), "-print-file-name=libasan.so"], capture_output=True, text=True
    ).stdout.strip()
    assert Path(asan).is_absolute(), "the compiler has no libasan"
    env = os.environ | {
        "LD_PRELOAD": asan,
        "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "LONGLAG_CFLAGS": "-fsanitize=address,undefined -fno-sanitize-recover=all -O1 -g",
        "LONGLAG_CACHE": str(cache),
    }
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_sanitizers_see_one_number_that_is_written_behind_a_tensor(tmp_path):
    done = sanitized(CANARY, tmp_path)
    assert done.returncode != 0 and "heap-buffer-overflow" in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_sanitizers_are_silent_on_every_cell(tmp_path):
    done = sanitized(SCRIPT, tmp_path, *map(str, YAMLS))
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("compiled") >= len(YAMLS) - 3
