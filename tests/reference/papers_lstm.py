"""The equations of the LSTM's papers in NumPy, as those in papers.py."""

import numpy as np
from papers import rows, sigmoid


def lstm(w, x, s):
    """Gers, Schmidhuber & Cummins 2000; gates on [h_(t-1), x_t]."""
    h, c = s
    W_x, W_h, b = (rows(w[name], 4) for name in ("W_x.weight", "W_h.weight", "W_x.bias"))
    hx = np.concatenate([h, x], 1)
    i, f, g, o = (hx @ np.concatenate([W_h[k], W_x[k]], 1).T + b[k] for k in range(4))
    c_new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c_new), c_new


def odyssey(off="", peepholes=True, linear_in=False, linear_out=False, coupled=False):
    """Greff et al. 2015; `off`: the gates that are always 1."""

    def step(w, x, s):
        h, c = s
        here = [g for g in "ifo" if g not in off and not (coupled and g == "f")]
        n = len(here) + 1
        order = [*here, "z"]
        a = {
            g: x @ W.T + h @ R.T + b
            for g, W, R, b in zip(
                order,
                rows(w["W_x.weight"], n),
                rows(w["W_h.weight"], n),
                rows(w["W_x.bias"], n),
                strict=True,
            )
        }
        p = {g: w["p"][k] if peepholes else 0.0 for k, g in enumerate(here)}
        z = a["z"] if linear_in else np.tanh(a["z"])
        i = sigmoid(a["i"] + p["i"] * c) if "i" in here else 1.0
        f = sigmoid(a["f"] + p["f"] * c) if "f" in here else 1.0
        f = 1 - i if coupled else f
        c_new = z * i + c * f
        o = sigmoid(a["o"] + p["o"] * c_new) if "o" in here else 1.0
        return o * (c_new if linear_out else np.tanh(c_new)), c_new

    return step


def lstm_fgr(w, x, s):
    """Greff et al. 2015, FGR: nine more matrices, from every gate before to every gate."""
    h, c, i0, f0, o0 = s
    W, R, b = (rows(w[name], 4) for name in ("W_x.weight", "W_h.weight", "W_x.bias"))
    G = [np.split(block, 3, axis=1) for block in rows(w["R.weight"], 3)]
    p = w["p"]

    def sums(k):
        back = i0 @ G[k][0].T + f0 @ G[k][1].T + o0 @ G[k][2].T
        return x @ W[k].T + h @ R[k].T + b[k] + back

    i, f = sigmoid(sums(0) + p[0] * c), sigmoid(sums(1) + p[1] * c)
    c_new = f * c + i * np.tanh(x @ W[3].T + h @ R[3].T + b[3])
    o = sigmoid(sums(2) + p[2] * c_new)
    return o * np.tanh(c_new), c_new, i, f, o


def lstm_1997(w, x, s):
    """Hochreiter & Schmidhuber 1997, section 4: two cells a block, gates that feed gates."""
    y, c, y_in, y_out = s
    blocks = y_in.shape[1]
    net = np.concatenate([x, y, y_in, y_out], 1) @ np.hstack([w["W_x.weight"], w["W_h.weight"]]).T
    net = net + w["b"]
    y_in, y_out = sigmoid(net[:, :blocks]), sigmoid(net[:, blocks : 2 * blocks])
    g = 4 * sigmoid(net[:, 2 * blocks :]) - 2
    c_new, y_new = np.empty_like(c), np.empty_like(y)
    for j in range(blocks):
        for v in (2 * j, 2 * j + 1):
            c_new[:, v] = c[:, v] + y_in[:, j] * g[:, v]
            y_new[:, v] = y_out[:, j] * (2 * sigmoid(c_new[:, v]) - 1)
    return y_new, c_new, y_in, y_out


def normal(a, gain, shift=0.0):
    """Ba et al. 2016, eq. 4, over the last axis."""
    centred = a - a.mean(-1, keepdims=True)
    return gain * centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) + shift


def lstm_layernorm(w, x, s):
    """Ba et al. 2016, supplement: LSTM."""
    h, c = s
    a = normal(h @ w["W_h.weight"].T, w["N_h.weight"])
    a = a + normal(x @ w["W_x.weight"].T, w["N_x.weight"]) + w["b"]
    i, f, g, o = np.split(a, 4, axis=1)
    c_new = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(normal(c_new, w["N_c.weight"], w["N_c.bias"])), c_new


def slstm(w, x, s):
    """Beck et al. 2024, eqs. 8-17, f = sigmoid."""
    h, c, n, m = s
    a = x @ w["W_x.weight"].T + h @ w["W_h.weight"].T + w["W_x.bias"]
    i, f, z, o = np.split(a, 4, axis=1)
    log_f = np.log(sigmoid(f))
    m_new = np.maximum(log_f + m, i)
    i_new, f_new = np.exp(i - m_new), np.exp(log_f + m - m_new)
    c_new = f_new * c + i_new * np.tanh(z)
    n_new = f_new * n + i_new
    return sigmoid(o) * c_new / n_new, c_new, n_new, m_new
