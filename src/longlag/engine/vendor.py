"""The vendor's kernels (oneDNN, cuDNN): fast, for three cells, and silent about their states."""

from typing import Any

import torch
from jaxtyping import Float, Integer
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from longlag.cells.base import Cell


def run_kernel(
    cell: Cell,
    x: Float[Tensor, "T B I"],
    s: Any,
    lengths: Integer[Tensor, "B"] | None,
    step_by_step: bool,
) -> tuple[Float[Tensor, "T B D"], Any]:
    """Return outputs (T,B,H) and the final state; refuse what such a kernel cannot do.

    Raises:
        ValueError: the cell has no such kernel, or single steps are tapped or reset.
    """
    kernel = cell.kernel()
    if kernel is None:
        raise ValueError(
            f"backend 'fused': no vendor's kernel computes {type(cell).__name__}; use loop or auto"
        )
    if step_by_step:
        raise ValueError(
            "backend 'fused' hides its states: no taps and no resets; use loop or auto"
        )
    function = getattr(torch, kernel.name)
    start = [leaf[None].contiguous() for leaf in s]
    # biases, layers, dropout, train (gradients are asked for in eval mode too), bidirectional
    options = (True, 1, 0.0, torch.is_grad_enabled(), False)
    if lengths is None:
        y, *final = function(x, _states(start), kernel.weights, *options, False)
        return y, type(s)(*(leaf[0] for leaf in final))
    pack = pack_padded_sequence(x, lengths.cpu(), enforce_sorted=False)
    start = [leaf[:, pack.sorted_indices] for leaf in start]
    data, *final = function(pack.data, pack.batch_sizes, _states(start), kernel.weights, *options)
    y, _ = pad_packed_sequence(pack._replace(data=data), total_length=len(x))
    return y, type(s)(*(leaf[0, pack.unsorted_indices] for leaf in final))


def _states(start: list[Tensor]) -> Any:
    """Return a state as the kernel takes it: torch.lstm a list (h, c), the others one tensor."""
    return start if len(start) > 1 else start[0]
