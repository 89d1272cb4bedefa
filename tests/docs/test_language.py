"""The docstring of a function is a sentence that begins with a verb in the imperative."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "longlag"
# A verb that is missing may be added; ruff (D401) refuses Returns and The, but not every noun.
VERBS = frozenset(
    """
    Add Adjust Answer Apply Ask Attend Average Begin Bind Bound Build Call Cancel Change Check
    Choose Claim Clear Collect Compare Compile Compose Compute Convert Copy Correlate Count Cut
    Decide Delete Differentiate Digest Divide Do Draw Drop Emit End Estimate Examine Fill Filter
    Find Fit Flatten Flush Follow Forecast Forget Give Go Group Guard Hand Have Heap Hold Import
    Instantiate Join Judge Keep Label Leave Let Link List Load Log Look Make Measure Move Name
    Note Open Order Pack Pair Parse Pass Perturb Pick Pickle Place Plan Predict Prepare Print
    Profile Project Put Raise Rank Rate Read Refuse Remember Remove Rename Render Renew Repeat Reset
    Return Reverse Round Run Say Scale Score See Send Serve Set Shorten Show Silence Space Spike
    Split Start Step Submit Subtract Summarise Tabulate Take Tell Test Time Toss Train Turn Wait
    Walk Wrap Write Yield
    """.split()  # noqa: SIM905 - a list of a hundred lines
)


def docstrings() -> Iterator[tuple[str, str]]:
    """Every function and method with a docstring: where it is, and what it says."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node)
                if text is not None:
                    place = f"{path.relative_to(SOURCE)}:{node.lineno} {node.name}"
                    yield place, text


def test_the_docstring_of_every_function_begins_with_a_verb():
    found = list(docstrings())
    assert len(found) > 1000
    first = [(place, text.split()[0].strip(".,:;")) for place, text in found]
    assert not [f"{place}: {word}" for place, word in first if word not in VERBS]
