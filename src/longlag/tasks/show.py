"""One drawn example of any task, as a person can read it in a terminal."""

from dataclasses import fields

from torch import Tensor

from longlag.tasks.base import Batch, Task

BARS = " ▁▂▃▄▅▆▇█"
COLUMNS = 100
ROWS = 4  # channels of numbers that are drawn
SHORT = 30  # steps at most whose numbers are written out
FEW = 3  # asked steps at most that are answered in a line of their own


def show(task: Task, seed: int = 0) -> str:
    """Draw the first training sequence of a seed, under what the task says of itself.

    A column is a step.  Symbols stand as themselves, numbers as they are in a short sequence and
    as bars from their least to their greatest value in a long one, a channel a row.  Below stands
    what is wanted at each step that is asked; of a few steps, `?` marks them and a line answers.
    """
    batch = task.batch("train", seed, 0, 1)
    n = len(batch.x) if batch.lengths is None else int(batch.lengths[0])
    rows, answers = wanted(task, batch, n)
    rows = [*inputs(task, batch.x[:n, 0]), *rows]
    arguments = ", ".join(f"{f.name}={getattr(task, f.name)!r}" for f in fields(task))
    return "\n".join(
        [
            f"{task.name}({arguments})",
            (task.__doc__ or "").strip().splitlines()[0],
            "",
            *table(rows, n),
            *answers,
            "",
            *facts(task),
        ]
    )


def facts(task: Task) -> list[str]:
    """List floors, criterion and source."""
    answers = [("floor", f) for f in task.spec.floors]
    answers += [("beside", f) for f in task.spec.baselines]
    lines = [f"{label:<8}{f.metric} {f.value:.4g}: {f.why}" for label, f in answers]
    if task.spec.solved:
        metric, threshold, source, _ = task.spec.solved
        lines.append(f"solved  {metric} {threshold:g}: {source}")
    return [*lines, f"source  {task.source}"]


Row = tuple[str, list[str]]  # a label and a word a step


def inputs(task: Task, x: Tensor) -> list[Row]:
    """Return the words of x (T,I), or its channels as bars."""
    if task.spec.symbols:
        seen = [
            task.spec.symbols[i] if row.any() else ""
            for i, row in zip(x.argmax(-1), x, strict=True)
        ]
        return [("input", seen)]
    channels = x.T[:ROWS]
    names = ["input"] if len(channels) == 1 else [f"input {i}" for i in range(len(channels))]
    rows = [(name, numbers(channel)) for name, channel in zip(names, channels, strict=True)]
    if len(x.T) > ROWS:
        rows.append((f"... {len(x.T) - ROWS} more", [""] * len(x)))
    return rows


def wanted(task: Task, batch: Batch, n: int) -> tuple[list[Row], list[str]]:
    """Return what is wanted of the only sequence: rows, and a line where few steps are asked."""
    asked, target = (batch.weight[:n, 0] > 0).tolist(), batch.target[:n, 0]
    steps = [t for t, a in enumerate(asked) if a]
    if len(steps) <= FEW:
        row = ["?" if a else "" for a in asked]
        return [("asked", row)], [f"answer   {', '.join(answer(task, target[t]) for t in steps)}"]
    if task.spec.kind == "regression":
        words = [word if a else "" for word, a in zip(numbers(target[:, 0]), asked, strict=True)]
    else:
        words = [answer(task, target[t]) if a else "" for t, a in enumerate(asked)]
    rows = [("target", words)]
    if batch.scored is not None:
        rows.append(("scored", ["^" if s else "" for s in batch.scored[:n, 0]]))
    return rows, []


def answer(task: Task, target: Tensor) -> str:
    """Write one class, all labels that are 1, or numbers."""
    names = task.spec.answers
    if task.spec.kind == "regression":
        return " ".join(f"{float(value):.3g}" for value in target)
    if task.spec.kind == "classification":
        return names[int(target)] if names else str(int(target))
    on = target.nonzero()[:, 0].tolist()
    if not names:
        return "+".join(map(str, on)) if len(target) > 1 else ("|" if on else ".")
    return "".join(names[i] for i in on)


def numbers(values: Tensor) -> list[str]:
    """Write a few numbers as they are, many as bars between the least and the greatest."""
    if len(values) <= SHORT:
        whole = bool((values == values.round()).all())
        return [f"{float(v):.0f}" if whole else f"{float(v):.2f}" for v in values]
    low, high = values.min(), values.max()
    level = (1 + 7 * (values - low) / (high - low).clamp_min(1e-9)).round().long()
    return [BARS[i] for i in level.tolist()]


def table(rows: list[Row], n: int) -> list[str]:
    """Put rows side by side in columns of one width, folded to the terminal's."""
    label = max(len(name) for name, _ in rows) + 2
    long = {name: {len(w) for w in words} for name, words in rows}
    width = max(max(sizes) for sizes in long.values())
    drawn = any(word in BARS[1:] for _, words in rows for word in words if word)
    gap = 0 if width == 1 and drawn else 1
    fit = max(1, (COLUMNS - label) // (width + gap))
    lines = []
    for start in range(0, n, fit):
        for name, words in rows:
            part = (word.ljust(width + gap) for word in words[start : start + fit])
            lines.append(f"{name:<{label}}{''.join(part)}".rstrip())
        lines.append("")
    return lines[:-1]
