"""`longlag place cell=NAME`: one cell through the atlas's protocol, and where it stands in it."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from longlag.cli.bench import show_plan, tell_failures
from longlag.cli.carry import make_executor, train
from longlag.cli.complete import PLACE as OWN
from longlag.cli.place_tables import tables
from longlag.cli.progress import clock
from longlag.cli.terminal import console
from longlag.errors import LonglagError, did_you_mean, look_for
from longlag.records.atlas import Atlas, read_atlas
from longlag.records.atomic import write_text
from longlag.records.neighbours import join
from longlag.records.reader import Study, holds_records, read_runs
from longlag.records.store import Store
from longlag.records.untrained import read_untrained
from longlag.runs.config import INCIDENTAL, first_part, path_of, resolve
from longlag.studies import pace
from longlag.studies.placing import Budget, place_study
from longlag.studies.plan import StudyPlan
from longlag.studies.study import study_of

OUT = console()
ALLOWED = (*OWN, *INCIDENTAL)


class Wish(NamedTuple):
    """What a command line asks for."""

    cell: str
    tasks: list[str]  # empty: all of the study's
    seconds: float  # after which no run starts
    words: list[str]  # of the study, the results and what carries the runs
    config_dir: Path | None


def run(arguments: argparse.Namespace) -> int:
    """Run what is not recorded yet, as far as the time goes, and show where the cell stands."""
    look_for("matplotlib", "jinja2")
    wish = parse(arguments.words, arguments.config_dir)
    study = study_of(wish.words, wish.config_dir)
    config = resolve(wish.words, wish.config_dir)
    among = Path(config.values.results) / study.name
    own = place_study(study, wish.cell, wish.tasks)
    if wish.cell in study.cells:
        refuse_namesake(wish)
    others = read_runs(among)[0]
    store = Store(among.parent, own.name)
    if wish.cell in study.cells and any(run.cell == wish.cell for run in others):
        OUT.print(f"{wish.cell} is a cell of {among}: it is shown from the records there")
        show(read_atlas(among, wish.config_dir), wish.cell, list(own.tasks), store)
        return 0
    plan = StudyPlan(own, store, wish.config_dir)
    plan.alike = others
    executor = make_executor(config, config.values.threads)
    done = len(plan.recorded())
    show_plan(plan, done, executor)
    if done < plan.total:
        show_order(plan, wish.seconds, executor.workers)
    if arguments.dry_run:
        return 0
    if done < plan.total:
        hold_to_laws(plan)
        if train(plan, executor, Budget(plan, wish.seconds)) == 130:
            return 130
        if len(plan.recorded()) + len(store.failures()) < plan.total:
            OUT.print("the time is used up; the same command goes on there")
    failed = tell_failures(plan)
    show(among_others(plan, among), wish.cell, list(own.tasks), store)
    return 1 if failed else 0


def parse(words: Sequence[str], config_dir: Path | None) -> Wish:
    """Read the words of the command line.

    Raises:
        LonglagError: no cell or several, no number of minutes, or a setting of the protocol.
    """
    given = {name: value for word in words for name, _, value in [word.partition("=")]}
    for word in words:
        name = first_part(word)
        fixed = path_of(word).startswith("study.")
        if fixed or name not in ALLOWED or (name in OWN and "=" not in word):
            raise LonglagError(
                f"{word}: the protocol is the same for every cell{did_you_mean(name, ALLOWED)}; "
                f"`longlag place` takes {', '.join(f'{allowed}=' for allowed in ALLOWED)}"
            )
        if name in OWN and word.partition("=")[0] != name:
            raise LonglagError(
                f"{word}: a cell is placed as its yaml has it; give this variant a yaml of its own"
            )
    cell = given.get("cell", "")
    if not cell.isidentifier():
        raise LonglagError(
            f"which cell? give one by cell=NAME, not {cell!r}; `longlag list cells` shows the "
            "built-in ones, --config-dir DIR brings yours in"
        )
    tasks = [name for name in given.get("tasks", "").strip("[]").split(",") if name]
    rest = [word for word in words if first_part(word) not in OWN]
    rest += [] if any(first_part(word) == "study" for word in rest) else ["study=atlas"]
    return Wish(cell, tasks, seconds_of(given.get("budget_minutes")), rest, config_dir)


def seconds_of(minutes: str | None) -> float:
    """Return the seconds of a number of minutes; endless without one.

    Raises:
        LonglagError: no number above 0.
    """
    try:
        seconds = 60 * float("inf" if minutes is None else minutes)
    except ValueError:
        seconds = float("nan")
    if not seconds > 0:
        raise LonglagError(f"budget_minutes must be a number above 0, not {minutes!r}")
    return seconds


def refuse_namesake(wish: Wish) -> None:
    """Refuse a cell of the user's own that goes by the name of one of the study.

    Raises:
        LonglagError: it does.
    """
    path = wish.config_dir and wish.config_dir / "cell" / f"{wish.cell}.yaml"
    if path and path.is_file():
        raise LonglagError(
            f"{path}: there is a cell {wish.cell} among the others already; give yours another name"
        )


def hold_to_laws(plan: StudyPlan) -> None:
    """Hold a cell of the user's own against the laws of cells, before time is spent on it.

    Raises:
        LonglagError: it breaks one.
    """
    target = plan.first()[0].values.cell._target_
    if target.startswith("longlag."):
        return
    from longlag.cells import Cell
    from longlag.laws.cell import check_cell
    from longlag.laws.check import class_at

    kind = class_at(target)
    verdicts = check_cell(kind) if issubclass(kind, Cell) else []
    broken = [verdict for verdict in verdicts if not verdict.ok]
    if broken:
        raise LonglagError(
            f"{target} breaks {len(broken)} of {len(verdicts)} laws, first that "
            f"{broken[0].name} ({broken[0].why}); run `longlag check {target}` and mend it first"
        )


def show_order(plan: StudyPlan, seconds: float, workers: int) -> None:
    """Say what each task will at least take, and in which order the runs come."""
    known = pace.paces(plan)
    for pair in plan.known:
        left = plan.lengths_left(pair)
        time = sum(pace.seconds_of(plan, pair, length, known) for length in left) / workers
        OUT.print(f"  {pair[1]}: {len(left)} runs to go at least, about {clock(time)}")
    OUT.print(
        "  the lowest rung that is not decided comes first, over all tasks, of these the cheapest "
        "runs; tasks with a score come last"
    )
    if seconds < float("inf"):
        OUT.print(f"  no run starts after {clock(seconds)}")


def among_others(plan: StudyPlan, folder: Path) -> Atlas:
    """Return the records of the cell, among those of all others as far as there are any."""
    from longlag.cli.atlas import measure_untrained

    measure_untrained(plan.study, plan.store.folder)
    found = Study(plan.store.folder, tuple(plan.recorded()), plan.conclude())
    own = Atlas(found, read_untrained(plan.store.folder), plan.config_dir)
    if not holds_records(folder):
        make = "make atlas" if folder.name == "atlas" else f"longlag bench study={folder.name}"
        OUT.print(f"there are no records in {folder} to compare with yet: `{make}` makes them")
        return own
    return join(read_atlas(folder, plan.config_dir), own)


def show(atlas: Atlas, cell: str, tasks: list[str], store: Store) -> None:
    """Print the neighbours of a cell on each task; draw it among all others; write the page."""
    from longlag.report.atlas import to_page
    from longlag.report.figures.place import sheet
    from longlag.report.figures.style import style, svg

    for table in tables(atlas, cell, tasks):
        OUT.print(table, "")
    store.folder.mkdir(parents=True, exist_ok=True)
    with style():
        write_text(store.folder / "place.svg", svg(sheet(atlas, cell, tasks)))
    write_text(store.folder / "index.html", to_page(atlas, cell))
    OUT.print(f"figure: {store.folder}/place.svg  page: {store.folder}/index.html")
