"""The only LightningModule: a model, a task's loss and metrics, and an optimiser.

Lightning's loop costs about as much as the step of a small model, so one step of Lightning is a
block of training steps that ends where a validation is due.
"""

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Protocol

import lightning
import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric

from longlag.nn.logistic_head import LogisticHead
from longlag.nn.model import Model
from longlag.tasks.base import Batch, Spec
from longlag.training import online
from longlag.training.metrics import collection

MakeOptimizer = Callable[[Iterator[nn.Parameter]], torch.optim.Optimizer]


class Point(NamedTuple):
    """One number of a learning curve."""

    step: int
    split: str
    metric: str
    value: float


class StepWatcher(Protocol):
    """What looks at training steps from inside a block; it must not change what is computed."""

    def before_step(self, step: int, learner: "Learner") -> None:
        """See the gradient of step 1, 2, ... as it came, before clipping."""
        ...

    def after_step(self, step: int, learner: "Learner") -> None:
        """See the gradient that was used, and the weights after the step."""
        ...


class Learner(lightning.LightningModule):
    """Trains `model` on the steps that a task asks for.

    Nothing is logged at a training step (that would cost more than the step of a small model):
    `losses` collects them, and a point of the curve is made of them at each validation.

    Args:
        model: what learns.
        spec: what the task asks.
        optimizer: makes the optimiser from the parameters.
        clip: the largest total norm of the gradient; None: no clipping.
        rule: ends the training, over the last sequences of it; None: no such rule.

    Attributes:
        watchers: told of each training step; with one no step is taken in C.
        between: called with the count of steps, between two of them or two blocks of C.
        solved_at: the step at which `rule` was met; None: it was not.
        steps: that were taken.
    """

    def __init__(
        self,
        model: Model,
        spec: Spec,
        optimizer: MakeOptimizer,
        clip: float | None = None,
        rule: online.StreamRule | None = None,
    ) -> None:
        super().__init__()
        self.model, self.spec, self.make_optimizer, self.clip = model, spec, optimizer, clip
        self.automatic_optimization = False  # Lightning's own closure costs a quarter more calls
        self.logistic = isinstance(model.head, LogisticHead)
        self.metrics = collection(spec, self.logistic)
        self.stream = None if rule is None else online.Stream(rule)
        self.solved_at: int | None = None
        self.mean_loss = MeanMetric(nan_strategy="disable")  # a NaN is an outcome: never left out
        self.losses: list[float] = []  # since the last point of the curve
        self.curve: list[Point] = []
        self.diverged_at: int | None = None
        self.steps = 0
        self.watchers: list[StepWatcher] = []
        self.between: list[Callable[[int], None]] = []
        self._parameters_in_order = list(model.parameters())
        self._descent: Any = "not tried"
        self._ran: list[tuple[str, ...]] = []  # which backends ran the cells, each answer once
        self._optimizer_state: dict[str, Any] | None = None  # to go on from

    def forward(self, batch: Batch, at: Tensor | None = None) -> Tensor:
        """Predict at every step, or at the flat positions `at`, none of them padding.

        A causal model needs no lengths for that, and the padded kernels are four times as fast.
        """
        lengths = None if self.model.causal else batch.lengths
        found = self.model(batch.x, lengths, at=at)
        if self.training and found.backends not in self._ran:
            self._ran.append(found.backends)
        return found.prediction

    @property
    def backends(self) -> tuple[str, ...]:
        """Name the backend that ran each cell in training, as observed; a + joins several."""
        return tuple("+".join(dict.fromkeys(names)) for names in zip(*self._ran, strict=True))

    def transfer_batch_to_device(
        self, batch: Any, device: torch.device, dataloader_idx: int
    ) -> Any:
        """Move a batch to the device; the batches of a block are moved when their turn comes."""
        if device.type == "cpu" or not isinstance(batch, Batch):
            return batch
        return super().transfer_batch_to_device(batch, device, dataloader_idx)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Make the optimiser of the config."""
        optimizer = self.make_optimizer(self.model.parameters())
        if self._optimizer_state is not None:
            optimizer.load_state_dict(self._optimizer_state)
        return optimizer

    def training_state(self) -> dict[str, Any]:
        """Return all that the next step depends on, or that was collected; between two steps."""
        optimizer: Any = self.optimizers(use_pl_optimizer=False)
        return {
            "model": self.model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "losses": self.losses,
            "curve": [tuple(point) for point in self.curve],
            "steps": self.steps,
            "ran": self._ran,
            "stream": None if self.stream is None else list(self.stream.errors),
            "solved_at": self.solved_at,
        }

    def rehearse(self, batch: Batch) -> None:
        """Run the model once in vain, so that going on is no first call.

        What an engine makes at the first call of a process may draw from the generators of cells.
        """
        before = copy.deepcopy((self.model.state_dict(), self._ran))
        with torch.no_grad():
            self.loss(self.transfer_batch_to_device(batch, self.device, 0))
        self.model.load_state_dict(before[0])
        self._ran = before[1]

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from the state of a learner of the same config, before the training starts."""
        self.model.load_state_dict(state["model"])
        self._optimizer_state = state["optimizer"]
        self.losses, self._ran, self.steps = state["losses"], state["ran"], state["steps"]
        self.curve = [Point(*point) for point in state["curve"]]
        self.solved_at = state["solved_at"]
        for error in state["stream"] or ():
            self.stream.meets(error)  # pyright: ignore

    def training_step(self, block: Iterable[Batch], _: int) -> None:
        """Step down the loss of each batch; a value that is not finite ends the training."""
        optimizer: Any = self.optimizers(use_pl_optimizer=False)
        if self.logistic and not self.watchers and self.descend_on_line(block, optimizer):
            return
        for batch in block:
            loss, errors = self.loss_and_errors(
                self.transfer_batch_to_device(batch, self.device, 0)
            )
            if not self.note(loss.item()):
                return
            optimizer.zero_grad()
            loss.backward()
            self.descend(optimizer)
            self.follow(errors)
            self.pause()

    def note(self, loss: float) -> bool:
        """Keep the loss of a step; one that is not finite ends the training, and gives False."""
        self.losses.append(loss)
        if not math.isfinite(loss):
            self.diverged_at = self.steps
            self.trainer.should_stop = True
        return math.isfinite(loss)

    def follow(self, errors: Iterable[float]) -> None:
        """Hold the largest errors of a step's sequences against the rule, if there is one."""
        met = [self.stream.meets(error) for error in errors] if self.stream else []
        if self.solved_at is None and any(met):
            self.solved_at = self.steps

    def descend_on_line(self, block: Iterable[Batch], optimizer: Any) -> bool:
        """Take the block by the compiled descent; tell whether it was taken, or cannot be.

        One sequence a batch, one layer, and gradient descent without momentum and clipping: then
        all updates are made in C, and are those of the steps below but for rounding.
        """
        if self._descent == "not tried":
            alone = self.trainer.datamodule.batch_size == 1 and self.device.type == "cpu"  # pyright: ignore
            self._descent = (
                online.online_descent(self.model, optimizer, self.clip) if alone else None
            )
        if self._descent is None:
            return False
        self._ran = [("compiled",)]
        for seen in online.descend_on_line(self._descent, block, optimizer.param_groups[0]["lr"]):
            for loss, worst in zip(seen.loss.tolist(), seen.worst.tolist(), strict=True):
                if not self.note(loss):
                    return True
                self.steps += 1
                self.follow([worst])
            self.pause()
        return True

    def descend(self, optimizer: torch.optim.Optimizer) -> None:
        """Take one step with the gradients as they are, clipped after the watchers saw them."""
        step = self.steps + 1
        for watcher in self.watchers:
            watcher.before_step(step, self)
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self._parameters_in_order, self.clip)
        optimizer.step()
        self.steps = step
        for watcher in self.watchers:
            watcher.after_step(step, self)

    def pause(self) -> None:
        """Let others work between two steps."""
        for call in self.between:
            call(self.steps)

    def loss(self, batch: Batch) -> Tensor:
        """Compute the mean loss of the steps that are asked, by their weights."""
        return self.loss_and_errors(batch)[0]

    def loss_and_errors(self, batch: Batch) -> tuple[Tensor, list[float]]:
        """Compute the loss, and the largest error of each sequence where a rule asks for it."""
        at, B = positions(batch.weight), batch.weight.shape[1]
        target, weight = pick(batch.target, at), pick(batch.weight, at)
        prediction = self(batch, at)
        each = self.model.loss(self.spec.kind, prediction, target)
        whole = B if self.logistic else weight.sum()  # E of 1997 is a sum
        seen: Any = (self.model.head, prediction, target, at % B, B)
        errors = online.largest_errors(*seen) if self.stream else []
        return (each * weight).sum() / whole, errors

    def validation_step(self, batch: Batch, _: int) -> None:
        """Count the metrics."""
        self._count(batch)

    def on_validation_epoch_end(self) -> None:
        """Add a point to the curve and hand it to the logger."""
        values = self.collect()
        step = self.steps
        if self.losses:
            self.curve.append(Point(step, "train", "loss", sum(self.losses) / len(self.losses)))
            self.log("train/loss", self.curve[-1].value)
            self.losses.clear()
        self.curve += [Point(step, "validation", name, value) for name, value in values.items()]
        shown = {f"validation/{name}": value for name, value in values.items()}
        self.log_dict({**shown, "step": float(step)})  # Lightning's own count is one of blocks

    def test_step(self, batch: Batch, _: int) -> None:
        """Count the metrics."""
        self._count(batch)

    def on_test_epoch_end(self) -> None:
        """Hand the metrics over."""
        self.log_dict({f"test/{name}": value for name, value in self.collect().items()})

    def _count(self, batch: Batch) -> None:
        at = positions(batch.weight)
        weight, target = pick(batch.weight, at), pick(batch.target, at)
        prediction = self(batch, at)
        loss = self.model.loss(self.spec.kind, prediction, target)
        self.mean_loss.update(loss, weight)
        sequence = at % batch.x.shape[1]
        if batch.scored is not None:
            seen = pick(batch.scored, at).nonzero()[:, 0]
            prediction, target, sequence, loss = (
                part.index_select(0, seen) for part in (prediction, target, sequence, loss)
            )
        self.metrics.update(preds=prediction, target=target, sequence=sequence, value=loss)

    def collect(self) -> dict[str, float]:
        """Compute the metrics counted so far, which start anew."""
        values: dict[str, Any] = {**self.metrics.compute(), "loss": self.mean_loss.compute()}
        self.metrics.reset()
        self.mean_loss.reset()
        return {name: float(value) for name, value in values.items()}


def positions(weight: Tensor) -> Tensor:
    """Find the flat positions t * B + b that a batch asks for: (T,B) -> (N,)."""
    return weight.flatten().nonzero()[:, 0]


def pick(what: Tensor, at: Tensor) -> Tensor:
    """Pick the rows `at` of `what` (T,B,*D), as (N,*D)."""
    return what.flatten(0, 1).index_select(0, at)
