"""What an answer costs, step by step, for each kind of target."""

from typing import Literal

from jaxtyping import Float, Num
from torch import Tensor
from torch.nn import functional as F

Kind = Literal["classification", "regression", "multilabel"]


def per_step_loss(
    kind: Kind, prediction: Float[Tensor, "N D"], target: Num[Tensor, "N *D"]
) -> Float[Tensor, "N"]:
    """Compute the loss of each of N answers.

    Args:
        kind: `classification`: cross-entropy in nats, target class ids (N,);
            `regression`: squared error, mean over D, target (N,D);
            `multilabel`: binary cross-entropy in nats, sum over D, target 0 or 1 (N,D).
        prediction: logits, or numbers.
        target: what was wanted.
    """
    if kind == "classification":
        return F.cross_entropy(prediction, target, reduction="none")
    if kind == "regression":
        return F.mse_loss(prediction, target, reduction="none").mean(-1)
    return F.binary_cross_entropy_with_logits(prediction, target, reduction="none").sum(-1)
