"""Vector figures: each is a function from a `View` to a `Plot`, found by its key in a template."""

from collections.abc import Callable

from longlag.report.figures import cost, extrapolation, gradients, inside, outcome, training
from longlag.report.figures.style import Plot
from longlag.report.view import View

FIGURES: dict[str, Callable[[View], Plot]] = {
    "flow": gradients.flow,
    "gallery": gradients.gallery,
    "heat": gradients.heat,
    "gates": training.gates,
    "parameters": training.parameters,
    "curves": training.curves,
    "rates-tried": training.rates_tried,
    "horizon": outcome.horizon,
    "skill": outcome.skill,
    "outcome": outcome.outcome,
    "steps": inside.steps,
    "retention": inside.retention,
    "timescales": inside.timescales,
    "shares": inside.shares,
    "extrapolation": extrapolation.extrapolation,
    "speed": cost.cost,
}
