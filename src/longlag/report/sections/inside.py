"""Inside the cells: what their steps, their gates and their states do, where a run was examined."""

import numpy as np

from longlag.records.examination import LEAST, Inside, Pair, examined
from longlag.records.seed_groups import Group
from longlag.report.document import Block, Equation, Picture, Points, Section, Table, Text
from longlag.report.examination_findings import has_bound, mechanism
from longlag.report.figures.retention import retention
from longlag.report.figures.shares import shares
from longlag.report.figures.steps import steps
from longlag.report.figures.style import colors
from longlag.report.figures.timescales import timescales
from longlag.report.findings import headline
from longlag.report.format import NONE, decades, listed, sig

MATH = (
    "<mfrac><mrow><mo>∂</mo><mi>L</mi></mrow><mrow><mo>∂</mo>"
    "<msub><mi>s</mi><mrow><mi>T</mi><mo>-</mo><mi>k</mi></mrow></msub></mrow></mfrac><mo>=</mo>"
    "<msup><mrow><mo>(</mo><msub><mi>J</mi><mi>T</mi></msub>"
    "<msub><mi>J</mi><mrow><mi>T</mi><mo>-</mo><mn>1</mn></mrow></msub><mo>⋯</mo>"
    "<msub><mi>J</mi><mrow><mi>T</mi><mo>-</mo><mi>k</mi><mo>+</mo><mn>1</mn></mrow></msub>"
    "<mo>)</mo></mrow><mo>&#8868;</mo></msup>"
    "<mfrac><mrow><mo>∂</mo><mi>L</mi></mrow>"
    "<mrow><mo>∂</mo><msub><mi>s</mi><mi>T</mi></msub></mrow></mfrac><mo>,</mo>"
    "<mspace width='1em'></mspace><msub><mi>J</mi><mi>t</mi></msub><mo>=</mo>"
    "<mfrac><mrow><mo>∂</mo><msub><mi>s</mi><mi>t</mi></msub></mrow><mrow><mo>∂</mo>"
    "<msub><mi>s</mi><mrow><mi>t</mi><mo>-</mo><mn>1</mn></mrow></msub></mrow></mfrac>"
)
Palette = dict[str, str]  # the colour of each row of the main setting
COLUMNS = 4  # panels beside each other
FEW = 8  # cells whose figures stand in the text; more: in an appendix


def inside(settings: dict[str, list[Group]], study: str) -> tuple[Section, ...]:
    """The section and, of many cells, an appendix with its figures; none if no run was examined."""
    found = examined(settings)
    if not found:
        return ()
    main = headline({setting: settings[setting] for setting in found})
    cells = found[main]
    drawn = pictures(main, cells)
    said = mechanism(found)
    blocks: list[Block] = [
        Text(opening(settings, found, study)),
        Equation(
            "∂L/∂s_(T-k) = (J_T J_(T-1) … J_(T-k+1))ᵀ ∂L/∂s_T,   J_t = ∂s_t/∂s_(t-1)",
            "$ (partial L)/(partial s_(T-k)) = (J_T J_(T-1) dots.c J_(T-k+1))^top "
            "(partial L)/(partial s_T), quad J_t = (partial s_t)/(partial s_(t-1)) $",
            MATH,
        ),
        Text(reading(found)),
        *(drawn if len(cells) <= FEW else []),
        table(found),
        *([Points(said)] if said else []),
    ]
    sections = [Section("inside", "Inside the cells", tuple(blocks))]
    if len(cells) > FEW:
        sections.append(Section("inside-all", f"Inside the cells on {main}", tuple(drawn), True))
    return tuple(sections)


def opening(settings: dict[str, list[Group]], found: dict[str, list[Inside]], study: str) -> str:
    """What was examined."""
    runs = {cell.run.id: cell for cells in found.values() for cell in cells}
    rows = sum(len(groups) for groups in settings.values())
    every = "" if len(runs) == rows else f" ({len(runs)} of {rows} cells and tasks so far)"
    sizes = {
        len(v)
        for cell in runs.values()
        for view in cell.views.values()
        for v in view.all("sequence").values()
    }
    batch = f"on {max(sizes)} sequences of validation" if sizes else "on sequences of validation"
    both = all(len(cell.views) == 2 for cell in runs.values())
    return (
        f"Of each cell on each task the run with the median score was examined{every} {batch}, as "
        "it was initialised and as it was trained"
        + ("" if both else " (unless its weights left the numbers)")
        + f": `longlag probe study={study}`. The gradient goes back through the product of the "
        "Jacobians of single steps of the whole state, its parts one after another:"
    )


def reading(found: dict[str, list[Inside]]) -> str:
    """What the equation says."""
    deep = any(cell.cells > 1 for cells in found.values() for cell in cells)
    return (
        "The norm of the product is the most that can be left of any gradient after k steps. The "
        "*Lyapunov exponents* are the mean rates, in nats per step, at which it stretches "
        "orthogonal directions. Jacobians are those of the first sequence."
        + (" Of a stack each layer is examined on its own, over its own input." if deep else "")
    )


def pictures(setting: str, cells: list[Inside]) -> list[Block]:
    """Every figure of one setting, at most a few cells in each."""
    found: list[Block] = []
    palette = colors(cell.row for cell in cells)
    for start in range(0, len(cells), COLUMNS):
        part = cells[start : start + COLUMNS]
        key = f"-{start // COLUMNS + 1}" if len(cells) > COLUMNS else ""
        names = listed([cell.label for cell in part])
        found.append(step_picture(setting, part, palette, key, names))
        found.append(retention_picture(setting, part, palette, key, names))
    gated = [c for c in cells if any(len(view.time_scales) for view in c.views.values())]
    for start in range(0, len(gated), COLUMNS):
        part = gated[start : start + COLUMNS]
        key = f"-{start // COLUMNS + 1}" if len(gated) > COLUMNS else ""
        found.append(gate_picture(setting, part, palette, key))
    several = [cell for cell in cells if len(cell.leaves) > 1]
    for start in range(0, len(several), COLUMNS):
        part = several[start : start + COLUMNS]
        key = f"-{start // COLUMNS + 1}" if len(several) > COLUMNS else ""
        found.append(share_picture(setting, part, palette, key))
    return found


def step_picture(
    setting: str, cells: list[Inside], palette: Palette, key: str, names: str
) -> Picture:
    """The product, the spectrum and the spectral radius."""
    bound = list(dict.fromkeys(c.label for c in cells if has_bound(c)))
    free = list(dict.fromkeys(c.label for c in cells if not has_bound(c)))
    most = []
    if bound:
        most.append(f"k times the log of the bound by the weights [4] for {listed(bound)}")
    if free:
        most.append(f"the sum of the logs of the measured single steps for {listed(free)}")
    return Picture(
        f"inside-steps{key}",
        f"What steps do to the state, on {setting}. Above: the norm of the product of the last k "
        f"Jacobians; dotted, the most that these steps can stretch: {' and '.join(most)}. Middle: "
        "the Lyapunov spectrum, falling, over the directions of the state (the axis is linear "
        "between -0.1 and 0.1). Below: the largest absolute eigenvalue of single Jacobians through "
        "the sequence. Grey: at initialisation.",
        f"For {names}: log norm of the Jacobian product against lag, Lyapunov exponents, and "
        "spectral radius against the step, at initialisation and after training.",
        steps(cells, palette),
        wide=True,
    )


def retention_picture(
    setting: str, cells: list[Inside], palette: Palette, key: str, names: str
) -> Picture:
    """The gradient beside what the state keeps."""
    return Picture(
        f"inside-retention{key}",
        f"What arrives and what is kept, on {setting}. Coloured: the gradient of the whole state k "
        "steps before the last answer, over its first norm. Black: the distance that is left k "
        "steps after one part of the state was kicked in a random direction, over the distance "
        "right after. Grey: the same after one input was swapped for "
        "another sequence's. Bottom: how well a linear map of the state still tells that input (R² "
        "on sequences it was not fitted on). Dotted: the task's lag. Shares below 10⁻¹² are "
        "rounding and are not shown.",
        f"For {names}: shares of the gradient, of kicks and of a swapped input against the lag at "
        "initialisation and after training, and R² of a linear readout.",
        retention(cells, palette),
        wide=True,
    )


def gate_picture(setting: str, cells: list[Inside], palette: Palette, key: str) -> Picture:
    """The histogram of time scales."""
    return Picture(
        f"inside-timescales{key}",
        f"For how long the gates let a unit keep its past, on {setting}: the time scale -1/ln f of "
        "each unit, ln f the mean log of the gate that multiplies its own past. Grey: at "
        "initialisation; coloured: after training; dotted: the task's lag.",
        f"Histograms of time scales of {listed([cell.label for cell in cells])}.",
        timescales(cells, palette),
        wide=True,
    )


def share_picture(setting: str, cells: list[Inside], palette: Palette, key: str) -> Picture:
    """One part of the state alone beside all of it."""
    return Picture(
        f"inside-shares{key}",
        f"Along one part of the state alone, on {setting}: coloured, the gradient with respect to "
        "each part of the state; black, what of it arrives when all other parts are cut out of "
        "the way back.",
        "Gradient norms against lag, whole and along one part alone, of "
        f"{listed([cell.label for cell in cells])}.",
        shares(cells, palette),
        wide=True,
    )


def table(found: dict[str, list[Inside]]) -> Table:
    """A row for every cell of every examined run."""
    rows: list[tuple[str | None, ...]] = []
    for setting, cells in found.items():
        lag = next((cell.lag for cell in cells if cell.lag), None)
        rows.append((None, setting if lag is None else f"{setting} (lag {lag})"))
        rows += [row(cell) for cell in cells]
    return Table(
        "inside-table",
        "Inside every examined run, at initialisation → after training. Lyapunov: the largest "
        "exponent, nats per step; λ: decay rate of the gradient of the whole state, nats per step; "
        "radius: spectral radius of a step, median; bound: the most that a step can stretch by the "
        "weights alone, ‖U‖ of a vanilla RNN (gated cells have none); time scale: of the middle "
        "unit, steps; log₁₀ grad., log₁₀ kick: common logarithm of what is left of the "
        "gradient and of a kick at the task's lag; R²: of the linear readout there.",
        (
            "cell",
            "Lyapunov",
            "λ",
            "radius",
            "bound",
            "time scale",
            "log₁₀ grad.",
            "log₁₀ kick",
            "R²",
        ),
        tuple(rows),
        note="Of a kick the part of the state that keeps it best counts. Where the task's lag is "
        "not known or longer than the examined sequences, the longest lag there is is taken.",
        wide=True,
    )


def row(cell: Inside) -> tuple[str | None, ...]:
    """Every number of one cell."""

    def two(x: float) -> str:
        return sig(x, 2)

    def fixed(x: float) -> str:
        return NONE if np.isnan(x) else f"{round(x, 2) + 0.0:.2f}"

    def kept(log: float) -> str:
        return f"≤ {np.log10(LEAST):.0f}" if log <= np.log(LEAST) else decades(log)

    names = (
        ("exponent", two), ("fading", two), ("radius", fixed), ("bound", fixed),
        ("time_scale", two), ("gradient_left", decades), ("kick_left", kept), ("told", fixed),
    )  # fmt: skip
    return (cell.label, *(arrow(cell.pair(name), say) for name, say in names))


def arrow(pair: Pair, say) -> str:
    """From init to trained; a dash where neither is known."""
    return NONE if np.isnan(pair).all() else " → ".join(map(say, pair))
