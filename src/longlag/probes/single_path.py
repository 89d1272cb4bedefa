"""Which part of the state carries the gradient: every other path through time is cut."""

from typing import Any, final

import numpy as np
from torch import Tensor
from torch.nn import ModuleList

from longlag.cells.base import Cell
from longlag.cells.wrappers.base import Wrapper
from longlag.nn.losses import Kind
from longlag.nn.model import Model
from longlag.probes.profile import gradients, in_double, last_asked, norms
from longlag.tasks.base import Batch


@final
class SinglePathCell(Wrapper):
    """`cell`, with values unchanged, whose gradient travels back along one part of the state.

    At each step the other parts of s_(t-1) are constants: for an LSTM kept on c, dL/dc_t is
    (f_(t+1) ... f_T) * dL/dc_T; what goes c -> h -> gates -> c is left out.

    Args:
        cell: is wrapped, not changed.
        leaf: the part that stays open, e.g. `c`.

    Source: Arpit et al. 2019, "h-detach", section 3 (there h is cut at random).
    """

    def __init__(self, cell: Cell, leaf: str) -> None:
        super().__init__(cell.input_size, cell.hidden_size, lambda *_: cell)
        self.leaf = leaf

    def kernel(self) -> None:
        """Return None: a vendor's kernel would cut nothing."""

    def step(self, u: Tensor, s: Any) -> Any:
        """Take the cell's step from a state of which one part alone has a past."""
        open_ = {name: leaf.detach() for name, leaf in s._asdict().items() if name != self.leaf}
        return self.cell.step(u, s._replace(**open_))


def single_paths(model: Model, batch: Batch, kind: Kind) -> dict[str, np.ndarray]:
    """Measure what arrives at lag k along one part of the state, the others cut at every step.

    One further backward pass for each part; nothing for a layer whose state has a single part.

    Returns:
        along/<layer>/<leaf> (K,): as profile/<layer>/<leaf>, but of the cut model.  Beside the
            profile it says how much of that gradient took the straight way.

    Raises:
        ValueError: a bidirectional model, whose layers are pairs of cells.
    """
    if not model.causal:
        raise ValueError("the paths of a bidirectional model cannot be cut; probe a causal one")
    double, batch = in_double(model, batch)
    double.backend = "auto"
    last, found, cells = last_asked(batch.weight), {}, double.cells
    parts = [type(cell.init_state(1))._fields for cell in cells]
    several = [names if len(names) > 1 else () for names in parts]
    for leaf in sorted(set().union(*several)):
        double.layers = ModuleList(
            SinglePathCell(cell, leaf) if leaf in names else cell
            for cell, names in zip(cells, several, strict=True)
        )
        grads, _ = gradients(double, batch, kind)
        for i, names in enumerate(several):
            if leaf in names:
                found[f"along/{i}/{leaf}"] = norms(grads[f"{i}/{leaf}"], last)
    return found
