"""How the cells came to their scores: curves of every seed and every learning rate tried."""

from longlag.records.seed_groups import Group
from longlag.records.tuning import Trials
from longlag.report.document import Block, Picture, Section, Text
from longlag.report.figures import learning as draw


def learning(settings: dict[str, list[Group]], trials: list[Trials]) -> Section | None:
    """Curves, then the sensitivity to the learning rate."""
    curved = {
        s: gs
        for s, gs in settings.items()
        if any(("validation", g.metric) in r.curve for g in gs for r in g.runs)
    }
    blocks: list[Block] = []
    if curved:
        blocks.append(
            Picture(
                "curves",
                "Learning curves on validation. Thin: every seed; thick: their median; dashed: the "
                "floor; dash-dotted: the baseline; dotted: the criterion. A curve ends where its "
                "run did.",
                f"Validation score against training sequences for {', '.join(curved)}.",
                draw.curves(curved),
                wide=True,
            )
        )
    if trials:
        blocks += [
            Text(
                "Every cell had the same learning rates to choose from and the same number of "
                "trials; the rate that solved the task soonest, or else scored best on validation, "
                "was taken."
            ),
            Picture(
                "rates-tried",
                "Sensitivity to the learning rate: best validation score at every rate that was "
                "tried. A square solved the task and stopped there; the chosen rate is filled; a "
                "cross marks a rate that left no score.",
                "Validation score against learning rate, one panel a task, one line a cell.",
                draw.rates(trials),
                wide=True,
            ),
        ]
    return Section("learning", "Learning", tuple(blocks), appendix=True) if blocks else None
