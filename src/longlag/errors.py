"""Errors that a user can mend: one line that says what came, what was allowed and what to do."""

import difflib
import importlib
import importlib.util
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

EXTRAS = {  # what installs an optional module: its name in the registry, and longlag's extra
    "matplotlib": ("matplotlib", "report"),
    "jinja2": ("jinja2", "report"),
    "typst": ("typst", "report"),
    "sklearn": ("scikit-learn", "data"),
    "pandas": ("pandas", "data"),
    "aeon": ("aeon", "data"),
    "mlxtend": ("mlxtend", "more-data"),
    "music21": ("music21", "more-data"),
    "statsmodels": ("statsmodels", "more-data"),
    "reservoirpy": ("reservoirpy", "more-data"),
    "torchrecurrent": ("torchrecurrent", "peers"),
    "tensorboard": ("tensorboard", "tensorboard"),
    "mlflow": ("mlflow-skinny", "mlflow"),
    "sqlalchemy": ("sqlalchemy", "mlflow"),
    "alembic": ("alembic", "mlflow"),
    "wandb_workspaces": ("wandb-workspaces", "dashboard"),
    "starlette": ("starlette", "serve"),
    "uvicorn": ("uvicorn", "serve"),
    "distributed": ("distributed", "dask"),
    "submitit": ("submitit", "slurm"),
    "ray": ("ray", "ray"),
}


class LonglagError(Exception):
    """Printed as one line by the command line, which then exits with status 2."""


class MissingPackage(LonglagError):
    """A package that is optional, and was asked for, is not installed."""


class MissingData(LonglagError):
    """A task's data are not on this machine."""


@contextmanager
def warnings_in_one_line() -> Iterator[None]:
    """Have Python print a warning as one line without its place in the source, as an error is."""
    before = warnings.formatwarning
    warnings.formatwarning = lambda message, *place: f"longlag: warning: {message}\n"
    try:
        yield
    finally:
        warnings.formatwarning = before


def missing_package(module: str) -> MissingPackage:
    """Say how to get an optional module: a key of `EXTRAS`, or a module inside of one."""
    package, extra = EXTRAS[module.split(".")[0]]
    return MissingPackage(
        f"the package {package} is not installed: run `pip install 'longlag[{extra}]'`"
    )


def look_for(*modules: str) -> None:
    """Make sure, before anything is trained, that optional modules can be imported later.

    Raises:
        MissingPackage: the first that is not installed.
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise missing_package(module)


def need(module: str) -> ModuleType:
    """Import an optional module, by its dotted name.

    Raises:
        MissingPackage: it is not installed; how to get it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise missing_package(module) from None


def did_you_mean(word: str, options: Sequence[str]) -> str:
    """Return ` (did you mean 'x'?)`: the key of that last name, or one like it; or nothing."""
    same = [option for option in options if option.split(".")[-1] == word]
    near = same or difflib.get_close_matches(word, options, 1, 0.5)
    return f" (did you mean {near[0]!r}?)" if near else ""
