"""The laws of a task: its data depend on nothing but their seed, and its floor is a floor."""

import random
from dataclasses import fields, replace
from itertools import islice
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import torch
from torch import Tensor

from longlag.errors import MissingData, MissingPackage
from longlag.laws.result import Laws, Verdict
from longlag.tasks.base import SPLITS, Batch, Task, rises
from longlag.training.metrics import collection, measured_floor, score

LAWS: Laws[Task] = Laws(MissingPackage, MissingData)  # that is not the task's fault
SMALL = 16  # sequences in a batch that only its form is looked at


def check_task(task: Task) -> list[Verdict]:
    """Hold `task` against every law."""
    return [LAWS.verdict_on(task, name) for name in LAWS]


@LAWS.law
def a_batch_is_the_same_whatever_was_drawn_before(task: Task) -> str:
    """Check that no global generator is read or moved, nor batch 1 changed by batch 0."""
    task.batch("train", 0, 0, SMALL)  # packages that the first one imports may draw
    batches = []
    for seed, ks in ((1, (1,)), (2, (0, 1))):
        for make in (random.seed, np.random.seed, torch.manual_seed):
            make(seed)
        before = global_numbers()
        batches += [[task.batch("train", 0, k, SMALL) for k in ks][-1]]
        if global_numbers() != before:
            return "drawing moved a global generator"
    if not same_batch(*batches):
        return "batch 1 of seed 0 came out otherwise after global random numbers were drawn"
    return ""


@LAWS.law
def seed_0_is_a_seed_and_differs_from_seed_1(task: Task) -> str:
    """Draw seed 0 twice and seed 1 once."""
    zero, again, one = (small_batches(task, "train", seed) for seed in (0, 0, 1))
    if not all(map(same_batch, zero, again)):
        return "two streams of seed 0 differ"
    return "seeds 0 and 1 give the same sequences" if all(map(same_batch, zero, one)) else ""


@LAWS.law
def the_splits_are_disjoint_streams(task: Task) -> str:
    """Train, validation and test share no sequence, unless the task says why there are few.

    Of few sequences, the same ones come again within the training stream too.
    """
    drawn = {split: small_batches(task, split, 0) for split in SPLITS}
    held = {split: set().union(*map(sequences, batches)) for split, batches in drawn.items()}
    for one, other in (SPLITS[:2], SPLITS[1:], SPLITS[::2]):
        if all(map(same_batch, drawn[one], drawn[other])):
            return f"{one} and {other} are one stream"
        if not task.few and held[one] & held[other]:
            return f"{one} and {other} share {len(held[one] & held[other])} sequences"
    drawn_in_training = sum(batch.x.shape[1] for batch in drawn["train"])
    if task.few and len(held["train"]) == drawn_in_training:
        return f"{task.few}, it says, but all {drawn_in_training} of training differ"
    return ""


@LAWS.law
def changing_an_argument_changes_the_stream(task: Task) -> str:
    """Change every argument: each is a part of the seed, as the name and the version are."""
    hints = get_type_hints(type(task))
    for field in fields(task):
        for value in other_values(getattr(task, field.name), hints[field.name]):
            if value == getattr(task, field.name):
                continue
            try:
                changed = replace(task, **{field.name: value})
            except (ValueError, TypeError):
                continue  # not allowed
            key = ("train", 0, 0)
            if changed.generator(*key).initial_seed() == task.generator(*key).initial_seed():
                return f"{field.name}={value!r} has the stream of {getattr(task, field.name)!r}"
    return ""


@LAWS.law
def a_batch_has_the_shapes_and_types_of_its_kind(task: Task) -> str:
    """Look at shapes (T,B,.) and types: float32, int64 classes in range, all of it finite."""
    spec = task.spec
    for split in SPLITS:
        x, target, weight, _, _ = task.batch(split, 0, 0, SMALL)
        T, B = x.shape[:2]
        classes = spec.kind == "classification"
        want = {
            "x": (x, (T, SMALL, spec.input_size), torch.float32),
            "weight": (weight, (T, SMALL), torch.float32),
            "target": (
                target,
                (T, B) if classes else (T, B, spec.output_size),
                torch.int64 if classes else torch.float32,
            ),
        }
        for name, (tensor, shape, dtype) in want.items():
            if tuple(tensor.shape) != shape or tensor.dtype != dtype:
                return f"{split}: {name} is {tensor.dtype} {tuple(tensor.shape)}, not {shape}"
            if not tensor.isfinite().all():
                return f"{split}: {name} holds a number that is not finite"
        asked = target[weight > 0]
        top = spec.output_size - 1 if classes else 1
        if spec.kind != "regression" and not ((asked >= 0) & (asked <= top)).all():
            return f"{split}: a target lies outside 0 .. {top}"
    return ""


@LAWS.law
def every_sequence_is_asked_and_scored_inside_its_length(task: Task) -> str:
    """Look at weights: none is negative, each sequence has one, none counts past its end."""
    for split in SPLITS:
        x, _, weight, lengths, scored = task.batch(split, 0, 0, SMALL)
        seen = weight > 0 if scored is None else scored
        if (weight < 0).any() or not (weight > 0).any(0).all():
            return f"{split}: a weight is negative, or a sequence has none"
        if seen.shape != weight.shape or (seen & (weight == 0)).any() or not seen.any():
            return f"{split}: metrics look at a step without weight, or at none"
        if lengths is not None:
            if tuple(lengths.shape) != (SMALL,) or lengths.min() < 1 or lengths.max() > len(x):
                return f"{split}: lengths are not {SMALL} numbers in 1 .. {len(x)}"
            past = torch.arange(len(x))[:, None] >= lengths
            if x[past].any() or weight[past].any():
                return f"{split}: x or weight is not zero past the end of a sequence"
    return ""


@LAWS.law
def an_evaluation_has_the_size_that_was_asked_for(task: Task) -> str:
    """Count `size` sequences, the same each time."""
    for split in SPLITS[1:]:
        sets = [list(islice(task.evaluation(split, 0, 10, 4), 100)) for _ in range(2)]
        total = sum(batch.x.shape[1] for batch in sets[0])
        if not 0 < total <= 10:
            return f"{split}: 10 sequences were asked for, {total} came"
        if not all(map(same_batch, *sets)):
            return f"{split}: two visits differ"
    return ""


@LAWS.law
def the_spec_is_complete(task: Task) -> str:
    """Ask for a known score, a floor of it, a criterion on a measured metric, and a source."""
    spec = task.spec
    collection(spec)
    if not spec.floors or spec.floors[0].metric != spec.metrics[0]:
        return f"the first floor is not of the score, {spec.metrics[0]!r}"
    if spec.solved and spec.solved.metric not in (*spec.metrics, "loss"):
        return f"the criterion is on {spec.solved.metric!r}, which is not measured"
    for words, size in ((spec.symbols, spec.input_size), (spec.answers, spec.output_size)):
        if words and len(words) != size:
            return f"{len(words)} words for {size} channels"
    return "" if task.source and task.__doc__ else "the docstring or the source is missing"


@LAWS.law
def no_answer_without_memory_beats_the_floor(task: Task) -> str:
    """Fit the best linear answer to x_t alone on some sequences, and measure it on others.

    A task with an `evaluation` of its own has fixed data, and floors measured on them: left out.
    """
    if type(task).evaluation is not Task.evaluation:
        return ""
    found = memoryless(task)
    for metric, value, why in task.spec.floors[:1]:
        if metric not in found:
            continue
        gain = found[metric] - value if rises(metric) else value - found[metric]
        if gain > 0.03 * max(1.0, abs(value)):
            return f"{metric} {found[metric]:.4f} from x_t alone; the floor says {value:.4f}, {why}"
    return ""


@LAWS.law
def the_floor_s_own_answer_scores_what_the_floor_says(task: Task) -> str:
    """Score the answer, where it is known: in the headline metric, on sequences of its own."""
    if type(task).evaluation is not Task.evaluation:
        return ""  # fixed data
    drawn = task.evaluated()
    found = measured_floor(task, [drawn.sample(2000, drawn.generator("laws", 2))])
    metric, value, why = task.spec.floors[0]
    if found is not None and abs(found - value) > 0.04 * max(1.0, abs(value)):
        return f"{why}: {metric} {found:.4f}; the floor says {value:.4f}"
    return ""


def memoryless(task: Task, size: int = 2000) -> dict[str, float]:
    """Measure the least-squares answer to (x_t, 1), on sequences it was not fitted on."""
    spec, drawn = task.spec, task.evaluated()
    fit, measure = (drawn.sample(size, drawn.generator("laws", part)) for part in (0, 1))
    answers = fit.target[fit.weight > 0]
    answers = torch.eye(spec.output_size)[answers] if spec.kind == "classification" else answers
    known = asked_inputs(fit).double()
    how = torch.linalg.pinv(known.T @ known, hermitian=True) @ known.T @ answers.double()
    how = how.float()
    prediction = asked_inputs(measure) @ how
    if spec.kind == "classification":
        prediction = prediction.clamp(1e-6, 1).log()
    if spec.kind == "multilabel":
        prediction = prediction.clamp(1e-6, 1 - 1e-6).logit()
    whole = torch.zeros(*measure.weight.shape, spec.output_size)
    whole[measure.weight > 0] = prediction
    return score(spec, [(measure, whole)])


def asked_inputs(batch: Batch) -> Tensor:
    """Return (x_t, 1) at the asked steps: (N,I+1)."""
    x = batch.x[batch.weight > 0]
    return torch.cat([x, torch.ones(len(x), 1)], dim=1)


def global_numbers() -> tuple[bytes, str, str]:
    """Return the state of the three global generators."""
    numbers = str(np.random.get_state()), str(random.getstate())
    return torch.get_rng_state().numpy().tobytes(), *numbers


def small_batches(task: Task, split: str, seed: int) -> list[Batch]:
    """Draw four small batches."""
    return [task.batch(split, seed, k, SMALL) for k in range(4)]  # type: ignore[arg-type]


def sequences(batch: Batch) -> set[bytes]:
    """Return the inputs of each sequence of a batch, without padding."""
    T, B = batch.x.shape[:2]
    lengths = [T] * B if batch.lengths is None else batch.lengths.tolist()
    return {batch.x[:n, b].numpy().tobytes() for b, n in enumerate(lengths)}


def same_batch(one: Batch, other: Batch) -> bool:
    """Tell whether two batches hold the same numbers."""
    pairs = zip(one, other, strict=True)
    return all(a is b if a is None or b is None else a.equal(b) for a, b in pairs)


def other_values(value: object, hint: object) -> tuple[object, ...]:
    """Return other values of an argument of that type, of which one at least should be allowed."""
    if get_origin(hint) is Literal:
        return tuple(one for one in get_args(hint) if one != value)
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int | float):
        return (value + 1, value * 2, value - 1, value / 2 if isinstance(value, float) else 0)
    return (f"{value}2",) if value is None or isinstance(value, str) else ()
