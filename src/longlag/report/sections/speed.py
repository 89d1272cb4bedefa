"""What a step of each cell costs, beside the plain loop and beside other packages."""

from longlag.records.reader import Study
from longlag.records.speed import PEERS, Cost, Costs, middle, read_costs
from longlag.report.document import Block, Picture, Points, Section, Table, Text
from longlag.report.figures.cost import cost as draw
from longlag.report.format import NONE, TIMES, listed, sig
from longlag.report.sections.provenance import commit_of


def speed(study: Study) -> tuple[Section, ...]:
    """Sentences, and an appendix of every cell; none where no speed was measured."""
    found = read_costs(study.folder.parent)
    if found is None:
        return ()
    said = (beside_the_loop(found), beside_torchrecurrent(found), the_lstm(found))
    blocks: list[Block] = [Text(opening(found)), Points(tuple(s for s in said if s))]
    return (
        Section("speed", "What a step costs", tuple(blocks[: 1 + any(said)])),
        Section(
            "speed-all", "What a step of every cell costs", (*pictures(found), table(found)), True
        ),
    )


def opening(found: Costs) -> str:
    """What was measured, on what."""
    machine, versions = found.origin["machine"], found.origin["versions"]
    threads = machine.get("threads", 1)
    place = [str(machine[key]) for key in ("device", "isa", "system") if machine.get(key)]
    return (
        f"One pass is forward and backward over T = {found.steps} steps of B sequences, H inputs "
        f"and H units, on {threads} thread{'s' * (threads != 1)} ({', '.join(place)}; torch "
        f"{versions.get('torch', 'unknown')}; commit {commit_of(found.origin['git'])}). All that "
        "computes a cell took turns in one process; a time is the median CPU time of "
        f"{found.turns} turn{'s' * (found.turns != 1)}, over T. Ours is that of the backend that "
        f"`auto` takes. Sizes are B{TIMES}H."
    )


def beside_the_loop(found: Costs) -> str:
    """How much a backend gains, at the smallest size and at the largest."""
    sizes = [size for size in found.sizes if found.ratios("loop", size)]
    if not sizes:
        return ""
    ratios = found.ratios("loop", sizes[0])
    share = middle(ratios)
    said = (
        f"At the smallest size ({sizes[0]}) a step takes {sig(share, 2)} of the plain loop's time "
        f"(median of {counted(ratios)}): it is {sig(1 / share, 2)} times as fast."
    )
    if len(sizes) > 1:
        last = middle(found.ratios("loop", sizes[-1]))
        said += f" At the largest ({sizes[-1]}) it takes {sig(last, 2)} of it."
    return said


def beside_torchrecurrent(found: Costs) -> str:
    """The cells that both packages have."""
    ratios = {size: found.ratios("torchrecurrent", size) for size in found.sizes}
    known = {size: values for size, values in ratios.items() if values}
    if not known:
        return ""
    shares = listed([sig(middle(values), 2) for values in known.values()])
    most = max(max(values) for values in known.values())
    return (
        f"Beside torchrecurrent, which has {len(found.beside('torchrecurrent'))} of these cells, a "
        f"step takes {shares} of its time (median) at {listed([str(size) for size in known])}; at "
        f"most {sig(most, 2)}."
    )


def the_lstm(found: Costs) -> str:
    """The LSTM beside the vendor's kernel."""
    pairs = [(size, found.ratios("torch.nn", size, ["LSTM"])) for size in found.sizes]
    known = [(size, values[0]) for size, values in pairs if values]
    if not known:
        return ""
    return (
        f"The LSTM takes {listed([sig(ratio, 3) for _, ratio in known])} times as long as "
        f"`torch.nn.LSTM` at {listed([str(size) for size, _ in known])}."
    )


def counted(ratios: list[float]) -> str:
    """How many cells."""
    return f"{len(ratios)} cell{'s' * (len(ratios) != 1)}"


def pictures(found: Costs) -> list[Block]:
    """The dots, if a loop was timed."""
    shares = [ratio for size in found.sizes for ratio in found.ratios("loop", size)]
    if not shares:
        return []
    return [
        Picture(
            "speed-loop",
            "Time of a step with the backend that `auto` takes over that of the plain loop, one "
            "row a cell, one dot a size, the larger the larger; left of the dotted line the "
            "backend is faster.",
            f"Dot plot of the ratio for {len(found.cells)} cells at {len(found.sizes)} sizes, from "
            f"{sig(min(shares), 2)} to {sig(max(shares), 2)}.",
            draw(found),
        )
    ]


def table(found: Costs) -> Table:
    """One row a cell, under the package that has it too; three columns a size."""
    rows: list[tuple[str | None, ...]] = []
    left = list(found.cells)
    for peer in PEERS:
        both = found.beside(peer)
        if both:
            rows.append((None, f"beside {peer}"))
            rows += [row(found, cell, peer) for cell in both]
            left = [cell for cell in left if cell not in both]
    if left:
        rows += [(None, "in neither")] if rows else []
        rows += [row(found, cell, "") for cell in left]
    sizes = [(f"{s}: µs", "÷ loop", "÷ peer") for s in found.sizes]
    return Table(
        "speed-table",
        f"Microseconds a step, forward and backward, at every size (B{TIMES}H), of the backend "
        "that `auto` takes; ÷ loop: over the time of the plain loop, ÷ peer: over that of the "
        "package that the rows stand under. Below 1 ours is faster.",
        ("cell", "auto", *(name for names in sizes for name in names)),
        tuple(rows),
        "ll" + "r" * (3 * len(sizes)),
        wide=True,
    )


def row(found: Costs, cell: str, peer: str) -> tuple[str | None, ...]:
    """One cell."""
    costs = [found.at(cell, size) for size in found.sizes]
    backends = dict.fromkeys(cost.auto for cost in costs if cost is not None)
    return (cell, ", ".join(backends), *(text for cost in costs for text in shown(cost, peer)))


def shown(cost: Cost | None, peer: str) -> tuple[str, str, str]:
    """Time and both ratios at one size."""
    if cost is None or cost.time is None:
        return NONE, NONE, NONE
    ratios = (cost.over(name) for name in ("loop", peer))
    loop, other = (NONE if ratio is None else f"{ratio:.2f}" for ratio in ratios)
    return f"{cost.time:,.1f}", loop, other
