"""The products of the compiled step are those of torch, for every size and instruction set."""

import platform

import pytest
import torch
from torch import nn

from longlag.cells import LSTM
from longlag.engine import c_compiler, matmul, projection

SIZES = [(1, 1, 1), (7, 2, 33), (20, 130, 65), (64, 128, 192), (65, 300, 17), (3, 1, 100)]
CLOSE = {torch.float32: {"rtol": 1e-4, "atol": 1e-4}, torch.float64: {"rtol": 1e-11, "atol": 1e-11}}


@pytest.fixture(params=[torch.float32, torch.float64])
def dtype(request):
    return request.param


@pytest.mark.parametrize(("m", "k", "n"), SIZES)
def test_products_are_those_of_torch(m, k, n, dtype):
    x, w, b, g = (torch.randn(*size, dtype=dtype) for size in ((m, k), (n, k), (n,), (m, n)))
    y = matmul.affine_map(x, w.t(), b)
    torch.testing.assert_close(y, x @ w.t() + b, **CLOSE[dtype])
    torch.testing.assert_close(matmul.affine_map(g, w, None), g @ w, **CLOSE[dtype])
    torch.testing.assert_close(matmul.weight_gradient(g, x), g.t() @ x, **CLOSE[dtype])


@pytest.mark.skipif(platform.machine() != "x86_64", reason="flags of x86")
@pytest.mark.parametrize("march", ["x86-64", "x86-64-v3"])
def test_an_older_machine_computes_the_same(march, monkeypatch, tmp_path):
    monkeypatch.setenv("LONGLAG_CACHE", str(tmp_path))
    flags = [flag for flag in c_compiler.FLAGS if "march" not in flag]
    monkeypatch.setattr(c_compiler, "FLAGS", [*flags, f"-march={march}"])
    made = c_compiler.library.__wrapped__(matmul.products_in_c("float") + matmul.ALONE)
    monkeypatch.setattr(matmul, "product_library", lambda real: made)
    for size in SIZES:
        test_products_are_those_of_torch(*size, torch.float32)


def test_a_projection_has_the_gradients_of_a_linear_layer(dtype):
    cell, x = LSTM(3, 5).to(dtype), torch.randn(4, 2, 3, dtype=dtype, requires_grad=True)
    found = []
    for project in (lambda: projection.project_inputs(cell, x), lambda: cell.project(x)):
        y = project()
        wanted = [x, cell.W_x.weight, cell.W_x.bias]
        found.append([y, *torch.autograd.grad(y.sin().sum(), wanted)])
    for ours, true in zip(*found, strict=True):
        torch.testing.assert_close(ours, true, **CLOSE[dtype])
    assert type(projection.project_inputs(cell, x).grad_fn).__name__ == "LinearBackward"


def test_what_is_no_plain_matrix_product_is_left_to_torch():
    half = torch.randn(3, 4, dtype=torch.bfloat16)
    layer = nn.Linear(4, 2, dtype=torch.bfloat16)
    with projection.Projection():
        assert torch.equal(layer(half), nn.functional.linear(half, layer.weight, layer.bias))
        assert nn.Linear(4, 2)(torch.zeros(0, 4)).shape == (0, 2)
