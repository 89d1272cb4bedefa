"""How the gradient travels back through time in each cell, before and after training."""

import numpy as np

from longlag.records.gradient_decay import rate, remains
from longlag.records.seed_groups import Group
from longlag.records.state_paths import Path
from longlag.report.document import Block, Equation, Picture, Section, Table, Text
from longlag.report.figures.flow import flow, gallery, panel_height
from longlag.report.figures.heat import heat
from longlag.report.figures.training import gated, gates, norms
from longlag.report.findings import headline
from longlag.report.format import NONE, around, decades, sig
from longlag.report.panel import panel

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
ON_A_PAGE, HEIGHT = 6, 9.4  # tasks, and inches
FEW = 24  # rows of the decay table that stand in the text; more: the main task's alone
DEEP = " Layer 1 reads the input; the layers above it are paler."
BOTH = "Line: median over seeds; thin lines and band: every seed, from the least to the most."


def gradients(settings: dict[str, list[Group]]) -> Section | None:
    """Figures, rates and what moves; None if no run was probed."""
    probed = with_probes(settings)
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
        rates({main: groups} if many(probed) else probed),
    ]
    return Section("gradients", "Gradient flow", tuple(blocks))


def with_probes(settings: dict[str, list[Group]]) -> dict[str, list[Group]]:
    """The rows whose gradient was probed."""
    probed = {s: [g for g in gs if g.paths] for s, gs in settings.items()}
    return {s: gs for s, gs in probed.items() if gs}


def many(probed: dict[str, list[Group]]) -> bool:
    """Whether the decay rates of every task are too much for the text."""
    return len(probed) > 1 and len(rate_rows(probed)) > FEW


def pictures(setting: str, groups: list[Group], count: int) -> list[Block]:
    """The figures of the task that says most."""
    chosen = " (the task on which the cells differ most)" if count > 1 else ""
    cells = ", ".join(g.label for g in groups)
    deep = DEEP if any(len({p.layer for p in g.paths}) > 1 for g in groups) else ""
    blocks: list[Block] = [
        Picture(
            "flow",
            f"Gradient flow on {setting}{chosen}: norm of the gradient of the final loss with "
            f"respect to the state, over the lag. {BOTH} {SHOWN[0]}{deep}",
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
            wide=sum(len(g.paths) for g in groups) > 4,
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


def rates(probed: dict[str, list[Group]], key: str = "rates") -> Table:
    """Decay rates of every row, before and after, solved runs and the others apart."""
    return Table(
        key,
        "Decay rate λ of the gradient in nats per step: mean over seeds with a 95 % t-"
        "interval; half-life in steps; log₁₀ left: common logarithm of the median share of the "
        "gradient that is left at the longest lag (-2: a hundredth). The last two columns split "
        "the trained runs by whether they solved the task (number of runs).",
        (
            "path", "λ at init", "95 % interval", "half-life", "log₁₀ left", "λ trained",
            "95 % interval", "half-life", "log₁₀ left", "λ solved", "λ unsolved",
        ),
        tuple(rate_rows(probed)),
        note="One slope is a summary. Where the figure is not a straight line, trust what is left, "
        "which assumes no shape; where some seeds solved the task and others did not, λ trained is "
        "the mean of two kinds of runs: trust the last two columns.",
        wide=True,
    )  # fmt: skip


def rate_rows(probed: dict[str, list[Group]]) -> list[tuple[str | None, ...]]:
    """The rows of the table of decay rates."""
    rows: list[tuple[str | None, ...]] = []
    for setting, groups in probed.items():
        rows.append((None, setting))
        rows += [rate_row(g, path) for g in groups for path in g.paths]
    return rows


def rate_row(g: Group, path: Path) -> tuple[str | None, ...]:
    """One path of one row."""
    cells: list[str] = []
    for at in (0, -1):
        decay = rate(g, path.leaf, at, path.layer)
        seeds = int(np.isfinite(decay.slopes).sum())
        cells += [sig(decay.rate), around(decay[:3], seeds), sig(decay.half_life)]
        cells.append(decades(remains(g, path.leaf, at, path.layer)))
    for met in (True, False):
        part = g.among(met)
        known = sig(rate(part, path.leaf, -1, path.layer).rate) if part is not None else NONE
        cells.append(f"{known} ({len(part.runs)})" if part is not None and known != NONE else known)
    return (f"{g.label} {g.named(path)}", *cells)


def more(settings: dict[str, list[Group]]) -> Section | None:
    """The figure of every task, and the parameters' side of the gradient."""
    probed = with_probes(settings)
    if not probed:
        return None
    main = headline(probed)
    names = list(probed)
    blocks: list[Block] = []
    on_a_page = max(1, min(ON_A_PAGE, int(HEIGHT / panel_height(probed))))
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
    if many(probed):
        blocks.append(rates(probed, "rates-everywhere"))
    return Section("everywhere", "Gradient flow on every task", tuple(blocks), appendix=True)
