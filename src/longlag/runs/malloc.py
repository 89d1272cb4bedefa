"""Memory that a training process frees is kept for its next step, not given back."""

import ctypes
import functools
import platform

MMAP_MAX, TRIM_THRESHOLD = -4, -1  # mallopt's names for its options, of <malloc.h>


@functools.cache
def keep_memory() -> bool:
    """Let glibc reuse what tensors leave; whether it could be told so.

    By default each large tensor is a mapping of its own, or lies at the top of a heap that is
    trimmed when it is freed: every training step then asks the kernel for the same pages again
    (`benchmarks/speed.py --give-back` shows what that costs).
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(MMAP_MAX, 0) and mallopt(TRIM_THRESHOLD, 2**31 - 1))
