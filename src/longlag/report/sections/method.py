"""What was run and how it was counted, read from the records rather than remembered."""

from collections.abc import Iterable, Sequence

from longlag.records.reader import Run, Study
from longlag.records.seed_groups import Group, flat
from longlag.records.tuning import Trials
from longlag.report.document import Block, Section, Text
from longlag.report.format import listed

REFERENCES = (
    "R. Agarwal, M. Schwarzer, P. S. Castro, A. Courville, M. G. Bellemare. Deep reinforcement "
    "learning at the edge of the statistical precipice. NeurIPS, 2021.",
    "S. Hochreiter, J. Schmidhuber. Long short-term memory. Neural Computation 9(8), 1997.",
    "Y. Bengio, P. Simard, P. Frasconi. Learning long-term dependencies with gradient descent is "
    "difficult. IEEE Transactions on Neural Networks 5(2), 1994.",
    "R. Pascanu, T. Mikolov, Y. Bengio. On the difficulty of training recurrent neural networks. "
    "ICML, 2013.",
    "F. A. Gers, J. Schmidhuber, F. Cummins. Learning to forget: continual prediction with LSTM. "
    "Neural Computation 12(10), 2000.",
    "K. Cho et al. Learning phrase representations using RNN encoder-decoder for statistical "
    "machine translation. EMNLP, 2014.",
    "M. Arjovsky, A. Shah, Y. Bengio. Unitary evolution recurrent neural networks. ICML, 2016.",
    "C. J. Clopper, E. S. Pearson. The use of confidence or fiducial limits illustrated in the "
    "case of the binomial. Biometrika 26, 1934.",
    "P. K. Sen. Estimates of the regression coefficient based on Kendall's tau. JASA 63, 1968.",
    "S. Holm. A simple sequentially rejective multiple test procedure. Scandinavian Journal of "
    "Statistics 6, 1979.",
)


def method(study: Study, settings: dict[str, list[Group]], trials: list[Trials]) -> Section:
    """The protocol of the study and the statistics."""
    groups = [g for found in settings.values() for g in found]
    cells = listed(list(dict.fromkeys(g.label for g in groups)))
    tasks = listed([f"{name} ({source(gs[0])})" for name, gs in settings.items()])
    counts = sorted({len(g.runs) for g in groups})
    seeds = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    blocks: list[Block] = [
        Text(
            f"*Runs.* {cells} on {tasks}, {seeds} seed{'s' * (counts[-1] > 1)} each. A seed "
            "stands for other initial weights, other training data and another order; the data of "
            "a seed is the same for every cell."
        ),
        Text(f"*Size and training.* {protocol(study.final)}"),
    ]
    if otherwise := list(dict.fromkeys(run.mismatch for run in study.final if run.mismatch)):
        blocks.append(
            Text(
                f"*Otherwise than published.* {'; '.join(otherwise)}. What they score here is no "
                "result about the cell as it was meant."
            )
        )
    if trials:
        rates = sorted({float(rate) for t in trials for rate in t.rates})
        blocks.append(
            Text(
                "*Tuning.* Each cell chose its learning rate, for each task, from the same "
                f"{len(rates)} rates ({', '.join(f'{r:g}' for r in rates)}), on seeds that count "
                "for nothing else: the rate that solved the task soonest, or else scored best, on "
                "validation. Checkpoints were chosen on validation too; test was read once. "
                f"{bracketed(trials)}"
            )
        )
    blocks.append(
        Text(
            "*Statistics.* Scores are medians over seeds with the range from the worst to the "
            "best, for means would lie between runs that solved a task and runs that did not, "
            "where no run is. Success rates carry the exact interval of Clopper and Pearson [8], "
            "means over seeds Student's t-interval; both hold their level at any number of seeds. "
            "Rank correlations carry the p-value of a permutation test within tasks, adjusted by "
            "Holm [10] for all tests of a table. Slopes are Theil's [9]. That gradients fade "
            "exponentially in a recurrent network is due to [3] and [4]; the LSTM is that of [2] "
            "with the forget gate of [5], the GRU that of [6]."
        )
    )
    return Section("method", "Method", tuple(blocks))


def bracketed(trials: list[Trials]) -> str:
    """How many of the chosen rates have a worse rate on both sides, and how many lie at an end."""
    inside = sum(t.bracketed for t in trials)
    if inside == len(trials):
        return f"All {inside} chosen rates are bracketed: worse ones were tried on both sides."
    low = sum(not t.bracketed and t.chosen == t.rates.min() for t in trials)
    high = sum(not t.bracketed and t.chosen == t.rates.max() for t in trials)
    return (
        f"Of {len(trials)} chosen rates {inside} are bracketed by worse ones on both sides; {low} "
        f"lie at the lower and {high} at the upper end of the grid, where the best rate may lie "
        "beyond it."
    )


def source(g: Group) -> str:
    """Where a task comes from."""
    return g.runs[0].record.task.source or "no source recorded"


def protocol(runs: Iterable[Run]) -> str:
    """What the configurations have in common, and the range of what they have not."""
    configs = [flat(run.config) for run in runs]
    said = []
    match = shared(configs, "match")
    size = {"params": "the same number of parameters", "state": "the same state size"}
    if match in size:
        sizes = sorted({run.parameters for run in runs})
        span = spanned(sizes)
        said.append(f"Every cell has about {size[match]} on a task ({span} parameters)")
    optimiser = shared(configs, "optim._target_")
    if optimiser:
        said.append(f"trained by {optimiser.rsplit('.', 1)[-1]}")
    for key, words in (
        ("trainer.batch_size", "in batches of {}"),
        ("trainer.clip", "gradient norm clipped at {}"),
        ("trainer.max_steps", "for at most {} steps"),
    ):
        values = sorted({config[key] for config in configs if config.get(key) is not None})
        if values:
            said.append(words.format(spanned(values)))
    if shared(configs, "trainer.stop_when_solved"):
        said.append("stopped when the criterion is met on validation")
    text = ", ".join(said)
    return f"{text[:1].upper()}{text[1:]}." if said else "As in the configurations below."


def spanned(values: Sequence[float]) -> str:
    """One number, or the first and the last of several."""
    return f"{values[0]:,}" if len(values) == 1 else f"{values[0]:,} to {values[-1]:,}"


def shared(configs: list[dict], key: str):
    """A value that all configurations agree on, else None."""
    values = {repr(config.get(key)): config.get(key) for config in configs}
    return next(iter(values.values())) if len(values) == 1 else None
