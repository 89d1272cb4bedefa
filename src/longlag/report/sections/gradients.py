"""How the gradient travels back through time in each cell, before and after training."""

import numpy as np

from longlag.report.decays import rate, remains
from longlag.report.document import Block, Equation, Picture, Section, Table, Text
from longlag.report.figures.flow import flow, gallery
from longlag.report.figures.heat import heat
from longlag.report.figures.training import gated, gates, norms
from longlag.report.findings import headline
from longlag.report.groups import Group, fresh
from longlag.report.panel import panel
from longlag.report.say import NONE, bracket, power, sig
from longlag.stats import fit

SHOWN = ("LSTM c is the cell state with h held fixed, LSTM h the output.",)
MATH = (
    "<msub><mi>g</mi><mi>k</mi></msub><mo>=</mo><mfrac><mn>1</mn><mi>B</mi></mfrac>"
    "<munder><mo>∑</mo><mi>b</mi></munder>"
    "<msub><mrow><mo>‖</mo><mfrac><mrow><mo>∂</mo><msub><mi>L</mi><mi>b</mi></msub></mrow>"
    "<mrow><mo>∂</mo><msub><mi>s</mi><mrow><mi>T</mi><mo>-</mo><mi>k</mi></mrow></msub></mrow>"
    "</mfrac><mo>‖</mo></mrow><mn>2</mn></msub><mo>,</mo><mspace width='1em'></mspace>"
    "<mi>ln</mi><msub><mi>g</mi><mi>k</mi></msub><mo>≈</mo><mi>a</mi><mo>-</mo>"
    "<mi>λ</mi><mi>k</mi>"
)
ON_A_PAGE = 6  # tasks
BOTH = "Line: median over seeds; thin lines and band: every seed, from the least to the most."


def gradients(settings: dict[str, list[Group]]) -> Section | None:
    """Figures, rates and what moves; None if no run was probed."""
    probed = {s: [g for g in gs if g.leaves()] for s, gs in settings.items()}
    probed = {s: gs for s, gs in probed.items() if gs}
    if not probed:
        return None
    main = headline(probed)
    groups = probed[main]
    hero, *others = pictures(main, groups, len(probed))
    blocks: list[Block] = [
        Text(
            "The loss of a sequence is differentiated with respect to the state at every step, by "
            "adding a zero to that state and reading the gradient of the zero. The probe is a "
            "fixed batch; L is the loss at the sequence's last asked step alone, in double "
            "precision, so that nothing underflows:"
        ),
        Equation(
            "g_k = (1/B) Σ_b ‖∂L_b/∂s_(T-k)‖₂,   ln g_k ≈ a - λ k",
            "$ g_k = 1/B sum_b norm((partial L_b)/(partial s_(T-k)))_2, quad "
            "ln g_k approx a - lambda k $",
            MATH,
        ),
        Text(
            "λ is the *decay rate* in nats per step: positive where the gradient vanishes, "
            "negative where it explodes. It is Theil's slope over the lags after the first tenth "
            "and before the first norm that is zero or missing; ln 2 / λ is the *half-life*. A "
            "part of the state is a coordinate of its own: the gradient of c holds h fixed at the "
            "same step."
        ),
        hero,
        panel(probed, main),
        *others,
        rates(probed),
    ]
    return Section("gradients", "Gradient flow", tuple(blocks))


def pictures(setting: str, groups: list[Group], count: int) -> list[Block]:
    """The figures of the task that says most."""
    chosen = " (the task on which the cells differ most)" if count > 1 else ""
    cells = ", ".join(g.label for g in groups)
    blocks: list[Block] = [
        Picture(
            "flow",
            f"Gradient flow on {setting}{chosen}: norm of the gradient of the final loss with "
            f"respect to the state, over the lag. {BOTH} {SHOWN[0]}",
            f"Gradient norm against lag on a log scale for {cells}, at initialisation on the left "
            "and after training on the right.",
            flow(groups),
            wide=True,
        ),
        Picture(
            "heat",
            f"How far back the gradient reaches while the cells learn {setting}: its norm over the "
            "lag and over training steps, for each cell's run with the median score. The darkest "
            "colour stands for everything below the scale.",
            f"Heat maps of log gradient norm over lag and training step for {cells}.",
            heat(groups),
            wide=sum(len(g.leaves()) for g in groups) > 4,
        ),
    ]
    if gated(groups):
        blocks.append(
            Picture(
                "gates",
                f"Gates on {setting} while training: mean activation over units, steps and the "
                "probe batch; thin lines are seeds. A forget gate f keeps c by the factor f a "
                "step: ln f is the rate of the c path alone.",
                "Mean activation of every gate against training step, one panel a cell.",
                gates(groups),
                wide=len(gated(groups)) > 4,
            )
        )
    return blocks


def rates(probed: dict[str, list[Group]]) -> Table:
    """Decay rates of every row, before and after, solved runs and the others apart."""
    rows: list[tuple[str | None, ...]] = []
    for setting, groups in probed.items():
        rows.append((None, setting))
        for g in groups:
            for leaf in g.leaves():
                rows.append(rate_row(g, leaf))
    return Table(
        "rates",
        "Decay rate λ of the gradient in nats per step: mean over seeds with a bootstrap 95 % "
        "interval; half-life in steps; left: the median share of the gradient that is left at the "
        "longest lag. The last two columns split the trained runs by whether they solved the task "
        "(number of runs).",
        (
            "path", "λ at init", "95 % interval", "half-life", "left", "λ trained",
            "95 % interval", "half-life", "left", "λ solved", "λ unsolved",
        ),
        tuple(rows),
        note="One slope is a summary. Where the figure is not a straight line, trust `left`, which "
        "assumes no shape.",
        wide=True,
    )  # fmt: skip


def rate_row(g: Group, leaf: str) -> tuple[str | None, ...]:
    """One path of one row."""
    cells: list[str] = []
    for at in (0, -1):
        decay = rate(g, leaf, at)
        cells += [sig(decay.rate), bracket(decay[:3]) or NONE, sig(decay.half_life)]
        cells.append(power(remains(g, leaf, at)))
    for met in (True, False):
        kept = tuple(run for run in g.runs if run.solved is met)
        part = Group(g.cell, g.label, g.task, g.length, kept)
        norms = part.profiles(leaf, -1)
        known = norms.size and fit(np.arange(norms.shape[1]), norms, fresh())
        cells.append(f"{sig(known.rate)} ({len(kept)})" if known else NONE)
    return (f"{g.label} {leaf}", *cells)


def more(settings: dict[str, list[Group]]) -> Section | None:
    """The figure of every task, and the parameters' side of the gradient."""
    probed = {s: [g for g in gs if g.leaves()] for s, gs in settings.items()}
    probed = {s: gs for s, gs in probed.items() if gs}
    if not probed:
        return None
    main = headline(probed)
    names = list(probed)
    blocks: list[Block] = []
    most = max(len(gs) for gs in probed.values())
    on_a_page = ON_A_PAGE if most <= 8 else 2
    for start in range(0, len(names), on_a_page):
        part = {name: probed[name] for name in names[start : start + on_a_page]}
        blocks.append(
            Picture(
                f"gallery-{start // on_a_page + 1}",
                f"Gradient flow on every task. {BOTH}",
                f"Gradient norm against lag for {', '.join(part)}, before and after training.",
                gallery(part),
                wide=True,
            )
        )
    if any("parameter/total_before" in g.typical.probe for g in probed[main]):
        blocks.append(
            Picture(
                "parameters",
                f"Gradient norm of each parameter on {main} (the run with the median score), "
                "their total, and the total after clipping. Above: the share of probed steps of "
                "all seeds at which the gradient was clipped.",
                "Gradient norms of the parameters against training step, one panel a cell.",
                norms(probed[main]),
                wide=True,
            )
        )
    return Section("everywhere", "Gradient flow on every task", tuple(blocks), appendix=True)
