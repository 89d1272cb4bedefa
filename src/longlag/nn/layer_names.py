"""Where a cell stands in a model, as people say it: layer 1 reads the input.

Files count the cells of a model from 0, from the input up; of a bidirectional layer the one that
reads forward comes before the one that reads backward.  A cell that is alone has no place.
"""

WAYS = ("forward", "backward")


def cell_label(cell: int, cells: int, ways: int = 1) -> str:
    """Say where a cell stands among `cells`: layer 2, layer 1 backward; nothing if it is alone.

    Args:
        cell: its number in files.
        cells: how many the model has.
        ways: how many of them make a layer: 2 if it is bidirectional.
    """
    parts = [f"layer {cell // ways + 1}"] if cells > ways else []
    if ways == len(WAYS):
        parts.append(WAYS[cell % ways])
    return " ".join(parts)


def dashboard_name(name: str, cells: int, ways: int = 1) -> str:
    """Name the array <kind>/<cell>/<part> on a dashboard: layer_2/h, or h of one cell alone."""
    _, cell, part = name.split("/")
    where = cell_label(int(cell), cells, ways).replace(" ", "_")
    return f"{where}/{part}" if where else part
