"""Matrix products for the sizes of recurrent networks, in C that is compiled with the step.

C = C_0 + A B by the register tile of Goto & van de Geijn (2008): a tile of C stays in registers
while a panel of B streams from the first cache.  A step's weights are laid out in panels once for
all of its T products, which a BLAS that is called T times cannot do.
"""

import ctypes
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor

from longlag.engine.c_compiler import library

REAL = {torch.float32: "float", torch.float64: "double"}
TILES = [f"TILE({rows}, {wide})" for wide in (1, 2, 4) for rows in range(1, 7)]
TABLE = ", ".join("{0, " + ", ".join(f"tile_{r}_{w}" for r in range(1, 7)) + "}" for w in (1, 2, 4))
HEAD = """\
#include <stdlib.h>
#include <string.h>
#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
#if defined(__AVX512F__) || defined(__aarch64__)
#define WIDE 4 /* vectors in a row of a tile: 24 sums in 32 registers, or 12 in 16 */
#else
#define WIDE 2
#endif
#define LANES ((long)(BYTES / sizeof(R)))
#define PANEL (WIDE * LANES)
#define TALL 6
#define DEEP 128
#define ROWS 64
typedef R V __attribute__((vector_size(BYTES), aligned(sizeof(R)), may_alias));
/* Flush subnormal numbers to zero, and set the unit back as it was. */
#if defined(__SSE2__)
#include <xmmintrin.h>
static unsigned long flush_subnormals(void) {
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040); /* results, and operands */
    return before;
}
static void restore_subnormals(unsigned long before) { _mm_setcsr((unsigned)before); }
#elif defined(__aarch64__)
static unsigned long flush_subnormals(void) {
    unsigned long before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | 1UL << 24));
    return before;
}
static void restore_subnormals(unsigned long before) {
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
}
#else
static unsigned long flush_subnormals(void) { return 0; }
static void restore_subnormals(unsigned long before) { (void)before; }
#endif
"""
# A tile: rows x wide vectors of C. `from` is C_0, zero if null.
TILE = r"""
#define TILE(M, N) static void tile_##M##_##N(long k, const R *a, long row, long col, \
    const R *b, long ldb, const R *from, long ldf, R *c, long ldc) { \
    V sum[M][N]; \
    for (int i = 0; i < M; i++) for (int v = 0; v < N; v++) \
        sum[i][v] = from ? *(const V *)(from + i * ldf + v * LANES) : (V){0}; \
    for (long p = 0; p < k; p++) { \
        V y[N]; \
        for (int v = 0; v < N; v++) y[v] = *(const V *)(b + p * ldb + v * LANES); \
        for (int i = 0; i < M; i++) { \
            const R x = a[i * row + p * col]; \
            for (int v = 0; v < N; v++) sum[i][v] += x * y[v]; \
        } \
    } \
    for (int i = 0; i < M; i++) for (int v = 0; v < N; v++) \
        *(V *)(c + i * ldc + v * LANES) = sum[i][v]; \
}
"""
BODY = r"""
typedef void (*tile_t)(long, const R *, long, long, const R *, long, const R *, long, R *, long);
static const tile_t tiles[3][TALL + 1] = {@TABLE@};

/* All rows of up to PANEL columns of C; b has whole vectors in each of its rows. */
static void strip(long m, long w, long k, const R *a, long row, long col, const R *b, long ldb,
                  const R *from, long ldf, R *c, long ldc) {
    const int kind = w > 2 * LANES ? 2 : w > LANES ? 1 : 0;
    const long full = LANES << kind, groups = (m + TALL - 1) / TALL;
    R edge[TALL * 4 * LANES];
    for (long q = 0, i = 0; q < groups; q++) {
        const long rows = (m - i) / (groups - q);
        const tile_t tile = tiles[kind][rows];
        const R *f = from ? from + i * ldf : 0;
        if (w == full) tile(k, a + i * row, row, col, b, ldb, f, ldf, c + i * ldc, ldc);
        else {
            for (long r = 0; f && r < rows; r++)
                memcpy(edge + r * full, f + r * ldf, w * sizeof(R));
            tile(k, a + i * row, row, col, b, ldb, f ? edge : 0, full, edge, full);
            for (long r = 0; r < rows; r++)
                memcpy(c + (i + r) * ldc, edge + r * full, w * sizeof(R));
        }
        i += rows;
    }
}

/* The panels of B (k,n), whose element (p,j) is at b[p * row + j * col]; zeros fill the last; null
   if there is no memory. */
static R *panels(long k, long n, const R *b, long row, long col) {
    const long count = (n + PANEL - 1) / PANEL;
    R *out = malloc((count * k * PANEL + 1) * sizeof(R));
    if (!out) return 0;
    for (long first = 0; first < count * PANEL; first += PANEL)
        for (long p = 0; p < k; p++)
            for (long j = first; j < first + PANEL; j++)
                out[first * k + p * PANEL + j - first] = j < n ? b[p * row + j * col] : 0;
    return out;
}

/* C (m,n) = from + A (m,k) B, with B in panels. */
static void product(long m, long n, long k, const R *a, long lda, const R *b, const R *from,
                    long ldf, R *c, long ldc) {
    for (long p = 0; p < k; p += DEEP)
        for (long j = 0; j < n; j += PANEL) {
            const R *f = p ? c : from;
            strip(m, n - j < PANEL ? n - j : PANEL, k - p < DEEP ? k - p : DEEP, a + p, lda, 1,
                  b + j * k + p * PANEL, PANEL, f ? f + j : 0, p ? ldc : ldf, c + j, ldc);
        }
}

/* C (m,n) += A^T B over k rows of A (k,m) and B (k,n). */
static void outer(long m, long n, long k, const R *a, long lda, const R *b, long ldb, R *c) {
    R copy[ROWS * 4 * LANES];
    for (long p = 0; p < k; p += ROWS) {
        const long rows = k - p < ROWS ? k - p : ROWS;
        for (long j = 0; j < n; j += PANEL) {
            const long w = n - j < PANEL ? n - j : PANEL;
            const R *part = b + p * ldb + j;
            long ld = ldb;
            if (w < PANEL) { /* the last columns, where a whole vector would end past B */
                memset(copy, 0, sizeof copy);
                for (long r = 0; r < rows; r++)
                    memcpy(copy + r * PANEL, part + r * ldb, w * sizeof(R));
                part = copy, ld = PANEL;
            }
            strip(m, w, rows, a + p * lda, 1, lda, part, ld, c + j, n, c + j, n);
        }
    }
}
"""
ALONE = r"""
int affine(long m, long n, long k, const R *x, const R *w, long row, long col, const R *bias,
           R *y) {
    R *b = panels(k, n, w, row, col);
    if (!b) return 1;
    const unsigned long unit = flush_subnormals();
    for (long i = 0; i < m; i += ROWS)
        product(m - i < ROWS ? m - i : ROWS, n, k, x + i * k, k, b, bias, 0, y + i * n, n);
    free(b);
    restore_subnormals(unit);
    return 0;
}
void gradient(long m, long n, long k, const R *a, const R *b, R *c) {
    const unsigned long unit = flush_subnormals();
    outer(m, n, k, a, m, b, n, c);
    restore_subnormals(unit);
}
"""


def products_in_c(real: str) -> str:
    """Return the C of `product` and `outer` on numbers of type `real`."""
    body = BODY.replace("@TABLE@", TABLE)
    return "\n".join([f"typedef {real} R;", HEAD, TILE, *TILES, body])


@cache
def product_library(real: str) -> ctypes.CDLL:
    """Return the compiled functions `affine` and `gradient` on numbers of type `real`.

    Raises:
        CompilerNotFound: there is no C compiler.
    """
    return library(products_in_c(real) + ALONE)


def c_longs(*numbers: int) -> list[ctypes.c_long]:
    """Convert numbers to C's long."""
    return [ctypes.c_long(number) for number in numbers]


def data_pointers(*tensors: Tensor | None) -> list[ctypes.c_void_p]:
    """Return the address of each tensor's numbers; 0 for None."""
    return [ctypes.c_void_p(0 if t is None else t.data_ptr()) for t in tensors]


def affine_map(
    x: Float[Tensor, "m k"], w: Float[Tensor, "k n"], bias: Float[Tensor, "n"] | None
) -> Float[Tensor, "m n"]:
    """Compute X W + b for contiguous x and b and any w."""
    (m, k), n = x.shape, w.shape[1]
    y = x.new_empty(m, n)
    product_library(REAL[x.dtype]).affine(
        *c_longs(m, n, k), *data_pointers(x, w), *c_longs(*w.stride()), *data_pointers(bias, y)
    )
    return y


def weight_gradient(a: Float[Tensor, "k m"], b: Float[Tensor, "k n"]) -> Float[Tensor, "m n"]:
    """Compute A^T B for contiguous a and b; the longer of m and n is made the row of a tile."""
    if a.shape[1] > b.shape[1]:
        return weight_gradient(b, a).t()
    (k, m), n = a.shape, b.shape[1]
    c = a.new_zeros(m, n)
    product_library(REAL[a.dtype]).gradient(*c_longs(m, n, k), *data_pointers(a, b, c))
    return c
