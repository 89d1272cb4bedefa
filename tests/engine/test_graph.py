"""What autograd has to keep grows with T, not with T squared; and what is hidden stays None."""

import pytest
import torch
from torch import nn

from longlag.cells import GRU, LSTM, Elman
from longlag.engine import unroll

B, I, H = 2, 3, 4


def graph(tensor: torch.Tensor) -> list:
    """Every node of the graph behind `tensor`."""
    found, ahead = {tensor.grad_fn}, [tensor.grad_fn]
    while ahead:
        for node, _ in ahead.pop().next_functions:
            if node is not None and node not in found:
                found.add(node)
                ahead.append(node)
    return list(found)


def run(T: int, cell=LSTM, **how) -> torch.Tensor:
    torch.manual_seed(0)
    return unroll(cell(I, H), torch.randn(T, B, I), **how).y.sum()


@pytest.mark.parametrize("asked", ["plain", "lengths", "resets"])
def test_the_graph_grows_with_the_number_of_steps(asked: str):
    def nodes(T: int) -> int:
        how = {
            "plain": {},
            "lengths": {"lengths": torch.full((B,), T)},
            "resets": {"resets": torch.zeros(T, B, dtype=torch.bool)},
        }[asked]
        return len(graph(run(T, backend="loop", **how)))

    few, more, most = nodes(50), nodes(100), nodes(150)
    assert most - more == more - few > 50


def test_the_input_is_unbound_once_and_never_indexed_in_the_loop():
    """Each x[t] would have a backward that writes a whole (T,B,P) tensor."""
    names = [node.name() for node in graph(run(50, backend="loop"))]
    assert names.count("UnbindBackward0") == 1 and "SelectBackward0" not in names


def test_indexing_in_the_loop_would_be_seen():
    u = nn.Linear(I, H)(torch.randn(50, B, I))
    names = [node.name() for node in graph(torch.stack([u[t] for t in range(50)]).sum())]
    assert names.count("SelectBackward0") == 50


@pytest.mark.parametrize("cell", [Elman, LSTM, GRU])
def test_fused_hides_every_state_but_the_last(cell):
    out = unroll(cell(I, H), torch.randn(5, B, I), backend="fused")
    assert out.states is None and torch.equal(out.y[-1], out.final.h)
    assert unroll(cell(I, H), torch.randn(5, B, I), backend="loop").states.h.shape == (5, B, H)


def test_the_size_of_fused_graph_does_not_depend_on_time():
    assert len(graph(run(10, backend="fused"))) == len(graph(run(40, backend="fused")))
