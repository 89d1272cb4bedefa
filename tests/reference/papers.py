"""The papers' equations in NumPy: one step each, written without a look at the package.

A step takes the weights by the names of the package's state_dict, x_t (B,I) and the state as a
tuple, and gives the next state as a tuple whose first part is what is seen.
"""

import numpy as np
from scipy.linalg import expm


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def rows(matrix, count):
    """A stacked matrix or bias, cut into `count` blocks of rows."""
    return np.split(matrix, count, axis=0)


def elman(w, x, s):
    """Elman 1990: h_t = tanh(W x_t + U h_(t-1) + b)."""
    (h,) = s
    return (np.tanh(x @ w["W_x.weight"].T + h @ w["W_h.weight"].T + w["W_x.bias"]),)


def elman_relu(w, x, s):
    """Le et al. 2015: the same with rectified units."""
    (h,) = s
    return (np.maximum(0, x @ w["W_x.weight"].T + h @ w["W_h.weight"].T + w["W_x.bias"]),)


def gru_reset_before(w, x, s):
    """Cho et al. 2014, eqs. 5-8: r, z, h~ on r * h, and h = z h' + (1 - z) h~."""
    (h,) = s
    W_r, W_z, W = rows(w["W_x.weight"], 3)
    b_r, b_z, b = rows(w["W_x.bias"], 3)
    U_r, U_z = rows(w["W_h.weight"], 2)
    r = sigmoid(x @ W_r.T + h @ U_r.T + b_r)
    z = sigmoid(x @ W_z.T + h @ U_z.T + b_z)
    tilde = np.tanh(x @ W.T + (r * h) @ w["U_n.weight"].T + b)
    return (z * h + (1 - z) * tilde,)


def gru_reset_after(w, x, s):
    """cuDNN's CUDNN_GRU: h' = tanh(W x + r o (R h_(t-1) + b_R) + b_W)."""
    (h,) = s
    W_r, W_z, W = rows(w["W_x.weight"], 3)
    b_r, b_z, b = rows(w["W_x.bias"], 3)
    R_r, R_z, R = rows(w["W_h.weight"], 3)
    r = sigmoid(x @ W_r.T + h @ R_r.T + b_r)
    i = sigmoid(x @ W_z.T + h @ R_z.T + b_z)
    new = np.tanh(x @ W.T + r * (h @ R.T + w["b_U"]) + b)
    return ((1 - i) * new + i * h,)


def mgu(w, x, s):
    """Zhou et al. 2016."""
    (h,) = s
    W_f, W_h = rows(w["W_x.weight"], 2)
    b_f, b_h = rows(w["W_x.bias"], 2)
    f = sigmoid(h @ w["U_f.weight"].T + x @ W_f.T + b_f)
    tilde = np.tanh((f * h) @ w["U_n.weight"].T + x @ W_h.T + b_h)
    return ((1 - f) * h + f * tilde,)


def janet(w, x, s):
    """Van der Westhuizen & Lasenby 2018, beta = 1."""
    (c,) = s
    a, b = np.split(x @ w["W_x.weight"].T + c @ w["W_h.weight"].T + w["W_x.bias"], 2, axis=1)
    return (sigmoid(a) * c + (1 - sigmoid(a - 1)) * np.tanh(b),)


def ugrnn(w, x, s):
    """Collins et al. 2016."""
    (h,) = s
    g, c = np.split(x @ w["W_x.weight"].T + h @ w["W_h.weight"].T + w["W_x.bias"], 2, axis=1)
    return (sigmoid(g) * h + (1 - sigmoid(g)) * np.tanh(c),)


def indrnn(w, x, s):
    """Li et al. 2018, section 3."""
    (h,) = s
    return (np.maximum(0, x @ w["W_x.weight"].T + w["u"] * h + w["W_x.bias"]),)


def flow(w, h):
    """Chang et al. 2019: the matrix A - A^T - gamma 1 on h, A strictly upper triangular."""
    n = h.shape[1]
    A = np.zeros((n, n))
    A[np.triu_indices(n, 1)] = w["A"]
    return h @ (A - A.T - 0.03 * np.eye(n)).T


def antisymmetric(w, x, s):
    """Chang et al. 2019, eq. 12, eps = 0.01, gamma = 0.03."""
    (h,) = s
    return (h + 0.01 * np.tanh(flow(w, h) + x @ w["W_x.weight"].T + w["W_x.bias"]),)


def antisymmetric_gated(w, x, s):
    """Chang et al. 2019, eq. 13."""
    (h,) = s
    V_h, V_z = rows(w["W_x.weight"], 2)
    b_h, b_z = rows(w["W_x.bias"], 2)
    z = sigmoid(flow(w, h) + x @ V_z.T + b_z)
    return (h + 0.01 * z * np.tanh(flow(w, h) + x @ V_h.T + b_h),)


def cornn(w, x, s):
    """Rusch & Mishra 2021, eq. 3; the constants of its adding problem."""
    y, z = s
    dt, gamma, eps = 0.06, 66.0, 15.0
    W, cal_W = np.split(w["W_s.weight"], 2, axis=1)
    inside = y @ W.T + z @ cal_W.T + x @ w["W_x.weight"].T + w["W_x.bias"]
    z_new = z + dt * np.tanh(inside) - dt * gamma * y - dt * eps * z
    return y + dt * z_new, z_new


def lem(w, x, s):
    """Rusch et al. 2022, eq. 3, dt = 1."""
    y, z = s
    V_1, V_2, V_z, V_y = rows(w["W_x.weight"], 4)
    b_1, b_2, b_z, b_y = rows(w["W_x.bias"], 4)
    W_1, W_2, W_z = rows(w["U.weight"], 3)
    d = sigmoid(y @ W_1.T + x @ V_1.T + b_1)
    e = sigmoid(y @ W_2.T + x @ V_2.T + b_2)
    z_new = (1 - d) * z + d * np.tanh(y @ W_z.T + x @ V_z.T + b_z)
    y_new = (1 - e) * y + e * np.tanh(z_new @ w["U_y.weight"].T + x @ V_y.T + b_y)
    return y_new, z_new


def scrn(w, x, s):
    """Mikolov et al. 2014, eqs. 4 and 5, alpha = 0.95."""
    h, context = s
    A, B = rows(w["W_x.weight"], 2)
    new = (1 - 0.95) * (x @ B.T) + 0.95 * context
    return sigmoid(new @ w["P.weight"].T + x @ A.T + h @ w["R.weight"].T), new


def mingru(w, x, s):
    """Feng et al. 2024, section 3.1."""
    (h,) = s
    z, tilde = np.split(x @ w["W_x.weight"].T + w["W_x.bias"], 2, axis=1)
    return ((1 - sigmoid(z)) * h + sigmoid(z) * tilde,)


def minlstm(w, x, s):
    """Feng et al. 2024, section 3.2.3."""
    (h,) = s
    f, i, tilde = np.split(x @ w["W_x.weight"].T + w["W_x.bias"], 3, axis=1)
    f, i = sigmoid(f), sigmoid(i)
    f, i = f / (f + i), i / (f + i)
    return (f * h + i * tilde,)


def lru(w, x, s):
    """Orvieto et al. 2023, section 3."""
    (h,) = s
    lam = np.exp(-np.exp(w["nu"]) + 1j * np.exp(w["theta"]))
    re, im = rows(w["B.weight"], 2)
    return (lam * h + np.exp(w["gamma"]) * (x @ (re + 1j * im).T),)


def lru_readout(w, x, s):
    """Re(C x) + D u, D a diagonal where the layer is as wide inside as outside."""
    re, minus_im = np.split(w["C.weight"], 2, axis=1)
    C, D = re - 1j * minus_im, w["D"]
    return (s[0] @ C.T).real + x @ (np.diag(D) if D.ndim == 1 else D).T


def scrn_readout(w, x, s):
    """Both states, for y = f(U h + V s)."""
    return np.concatenate(s, axis=-1)


def orthogonal(w, x, s):
    """Lezcano-Casado & Martinez-Rubio 2019, with the modrelu of Arjovsky et al. 2016."""
    (h,) = s
    A = np.zeros_like(w["W_h.parametrizations.weight.0.base"])
    A[np.tril_indices(len(A), -1)] = w["W_h.parametrizations.weight.original"]
    U = w["W_h.parametrizations.weight.0.base"] @ expm(A - A.T)
    z = x @ w["W_x.weight"].T + h @ U.T + w["W_x.bias"]
    return (np.sign(z) * np.maximum(0, np.abs(z) + w["b_phi"]),)


def wrapped(step):
    """The step of a wrapped cell, whose weights are named cell.*, in eval mode."""

    def inner(w, x, s):
        return step({name.removeprefix("cell."): value for name, value in w.items()}, x, s)

    return inner


def zoneout(step, rates):
    """Krueger et al. 2017, section 3.2: in eval mode, the expectation z s' + (1 - z) s."""

    def expected(w, x, s):
        new = wrapped(step)(w, x, s)
        return tuple(z * a + (1 - z) * b for z, a, b in zip(rates, s, new, strict=True))

    return expected


def ran(w, x, s):
    """Lee, Levy & Zettlemoyer 2017, "Recurrent additive networks": gates on h, content on x."""
    h, c = s
    C, I, F = rows(w["cell.weight_ih"], 3)
    U_i, U_f = rows(w["cell.weight_hh"], 2)
    b_i, b_f = rows(w["cell.bias_ih"] + w["cell.bias_hh"], 2)
    i, f = sigmoid(x @ I.T + h @ U_i.T + b_i), sigmoid(x @ F.T + h @ U_f.T + b_f)
    c_new = i * (x @ C.T) + f * c
    return np.tanh(c_new), c_new
