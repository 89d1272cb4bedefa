"""Layer normalisation of rows, in C that is compiled with the step."""

SOURCE = r"""
/* Sums over a row of x and of x * y. */
static void sums(long n, const R *x, const R *y, R *one, R *two) {
    V a = {0}, b = {0};
    long j = 0;
    for (; j + LANES <= n; j += LANES) {
        const V v = *(const V *)(x + j);
        a += v, b += v * *(const V *)(y + j);
    }
    *one = *two = 0;
    for (long i = 0; i < LANES; i++) *one += a[i], *two += b[i];
    for (; j < n; j++) *one += x[j], *two += x[j] * y[j];
}

/* y = (x - mean); returns the square root of 1 / (variance + eps). */
static R centred(long n, R eps, const R *x, R *y) {
    R mean, square, rest;
    sums(n, x, x, &mean, &square);
    mean /= n;
    for (long j = 0; j < n; j++) y[j] = x[j] - mean;
    sums(n, y, y, &rest, &square);
    return 1 / SQRT(square / n + eps);
}

static void normalise(long m, long n, R eps, const R *x, R *y) {
    for (long r = 0; r < m; r++, x += n, y += n) {
        const R scale = centred(n, eps, x, y);
        for (long j = 0; j < n; j++) y[j] *= scale;
    }
}

/* dx += scale * (g - mean(g) - y * mean(g y)). */
static void normalise_back(long m, long n, R eps, const R *x, const R *y, const R *g, R *dx) {
    R *spare = malloc(n * sizeof(R));
    for (long r = 0; r < m; r++, x += n, y += n, g += n, dx += n) {
        const R scale = centred(n, eps, x, spare);
        R mean, along;
        sums(n, g, y, &mean, &along);
        mean /= n, along /= n;
        for (long j = 0; j < n; j++) dx[j] += scale * (g[j] - mean - y[j] * along);
    }
    free(spare);
}
"""
