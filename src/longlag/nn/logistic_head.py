"""The output units of 1997: logistic, trained on half their squared error."""

from typing import final

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.nn import functional as F

from longlag.nn.losses import Kind


@final
class LogisticHead(nn.Module):
    r"""y = sigmoid(z), z = W [h, x] + b, for E = 1/2 sum_k (y_k - target_k)^2.

    A regression predicts the y, numbers in [0, 1]; classes and labels have an output each, whose
    target is 1 where it is right and else 0, and predict their z.

    Args:
        features: of the last layer, h.
        input_size: I, of x.
        output_size: D, of the task.
        kind: of the task's targets.
        bias: whether there is a b.
        start: W and b start uniform in +-start.
        shortcut: whether the outputs see x too.
        single: whether the second of two classes has the one output, and the first has none.

    Raises:
        ValueError: a single output for what is not one of two classes.

    Source: Hochreiter & Schmidhuber 1997, section 5 (table 10: all output units logistic);
    shortcuts: Gers, Schmidhuber & Cummins 2000.
    """

    def __init__(
        self,
        features: int,
        input_size: int,
        output_size: int,
        kind: Kind,
        bias: bool = True,
        start: float = 0.1,
        shortcut: bool = False,
        single: bool = False,
    ) -> None:
        super().__init__()
        if single and (kind, output_size) != ("classification", 2):
            raise ValueError(
                f"LogisticHead: single is for two classes, not for {output_size} of {kind}"
            )
        self.kind, self.shortcut, self.single = kind, shortcut, single
        seen = features + input_size if shortcut else features
        self.map = nn.Linear(seen, 1 if single else output_size, bias=bias)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -start, start)

    def sums(self, h: Float[Tensor, "*S F"], x: Float[Tensor, "*S I"]) -> Float[Tensor, "*S K"]:
        """Compute z, of K outputs."""
        return self.map(torch.cat([h, x], dim=-1) if self.shortcut else h)

    def prediction(self, z: Float[Tensor, "*S K"]) -> Float[Tensor, "*S D"]:
        """Return what the task's metrics are told: numbers y, or logits."""
        if self.kind == "regression":
            return torch.sigmoid(z)
        return torch.cat([-z, z], dim=-1) if self.single else z

    def targets(self, target: Num[Tensor, "N *D"]) -> Float[Tensor, "N K"]:
        """Return what the outputs should be."""
        if self.kind != "classification":
            return target.to(self.map.weight)
        own = target[:, None] if self.single else F.one_hot(target, self.map.out_features)
        return own.to(self.map.weight)

    def errors(
        self, prediction: Float[Tensor, "N D"], target: Num[Tensor, "N *D"]
    ) -> Float[Tensor, "N K"]:
        """Compute y - target of each output of N answers."""
        y = prediction if self.kind == "regression" else torch.sigmoid(prediction)
        return (y[:, 1:] if self.single else y) - self.targets(target)

    def loss(
        self, prediction: Float[Tensor, "N D"], target: Num[Tensor, "N *D"]
    ) -> Float[Tensor, "N"]:
        """Compute 1/2 sum_k (y_k - target_k)^2 of each of N answers."""
        return self.errors(prediction, target).square().sum(-1) / 2
