"""The papers' equations in NumPy: one step each, written without a look at the package.

A step takes the weights by the names of the package's state_dict, x_t (B,I) and the state as a
tuple, and gives the next state as a tuple whose first part is what is seen.
"""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def rows(matrix, count):
    """A stacked matrix or bias, cut into `count` blocks of rows."""
    return np.split(matrix, count, axis=0)


def elman(w, x, s):
    """Elman 1990: h_t = tanh(W x_t + U h_(t-1) + b)."""
    (h,) = s
    return (np.tanh(x @ w["inp.weight"].T + h @ w["rec.weight"].T + w["inp.bias"]),)


def elman_relu(w, x, s):
    """Le et al. 2015: the same with rectified units."""
    (h,) = s
    return (np.maximum(0, x @ w["inp.weight"].T + h @ w["rec.weight"].T + w["inp.bias"]),)


def lstm(w, x, s):
    """Gers, Schmidhuber & Cummins 2000; gates on [h_(t-1), x_t]."""
    h, c = s
    W_x, W_h, b = (rows(w[name], 4) for name in ("inp.weight", "rec.weight", "inp.bias"))
    hx = np.concatenate([h, x], 1)
    i, f, g, o = (hx @ np.concatenate([W_h[k], W_x[k]], 1).T + b[k] for k in range(4))
    c_new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c_new), c_new


def gru_v1(w, x, s):
    """Cho et al. 2014, eqs. 5-8: r, z, h~ on r * h, and h = z h' + (1 - z) h~."""
    (h,) = s
    W_r, W_z, W = rows(w["inp.weight"], 3)
    b_r, b_z, b = rows(w["inp.bias"], 3)
    U_r, U_z = rows(w["rec.weight"], 2)
    r = sigmoid(x @ W_r.T + h @ U_r.T + b_r)
    z = sigmoid(x @ W_z.T + h @ U_z.T + b_z)
    tilde = np.tanh(x @ W.T + (r * h) @ w["rec_h.weight"].T + b)
    return (z * h + (1 - z) * tilde,)


def gru_v3(w, x, s):
    """cuDNN's CUDNN_GRU: h' = tanh(W x + r o (R h_(t-1) + b_R) + b_W)."""
    (h,) = s
    W_r, W_z, W = rows(w["inp.weight"], 3)
    b_r, b_z, b = rows(w["inp.bias"], 3)
    R_r, R_z, R = rows(w["rec.weight"], 3)
    r = sigmoid(x @ W_r.T + h @ R_r.T + b_r)
    i = sigmoid(x @ W_z.T + h @ R_z.T + b_z)
    new = np.tanh(x @ W.T + r * (h @ R.T + w["b_U"]) + b)
    return ((1 - i) * new + i * h,)
