"""`longlag COMMAND ...`: parse, run, and turn every error that a user can mend into one line."""

import argparse
import errno
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import longlag
from longlag.errors import EXTRAS, LonglagError, missing_package, warnings_in_one_line

UNUSABLE = (errno.ENAMETOOLONG, errno.EACCES, errno.ENOTDIR, errno.EROFS, errno.ELOOP)


class Command(NamedTuple):
    """One word after `longlag`; its module in longlag.cli has run(arguments) -> exit status."""

    line: str  # of help
    metavar: str  # of its words
    words: str  # what they are


DRY = ("train", "bench", "place", "sync", "dashboard")  # these take --dry-run
SETTINGS = ("KEY=VALUE", "settings, such as cell=lstm task.length=200 seed=3")
RUN = "results/<study>/<run id>, or the id alone; results=FOLDER: where it is looked for"
COMMANDS = {
    "demo": Command("train an RNN and an LSTM side by side, in seconds", "", argparse.SUPPRESS),
    "train": Command("train one recurrence on one task and record the run", *SETTINGS),
    "bench": Command("run a study or claim=ID: plan, sweep, report; resumes", *SETTINGS),
    "claims": Command(
        "write the verdicts on published claims; bench claim=ID runs one",
        "results=FOLDER",
        "of the records, which lie in FOLDER/claims; default: results",
    ),
    "atlas": Command("write the page, table and findings of a study of many cells", *SETTINGS),
    "place": Command(
        "run one cell through the atlas's protocol and show where it stands",
        "cell=NAME",
        "and tasks=adding,parity: a part of them; budget_minutes=60: what tells most first, "
        "and no start after that; study=NAME: another protocol; results=FOLDER; executor=NAME",
    ),
    "report": Command("write report.html, report.pdf and report.md of a study", *SETTINGS),
    "probe": Command(
        "examine how the gradient of a recorded run travels",
        "RUN",
        f"{RUN}; study=NAME: a run of each cell; retrain=true: train those without weights again",
    ),
    "forecast": Command("draw true against predicted of a recorded run on a series", "RUN", RUN),
    "extrapolate": Command(
        "score a recorded run on lengths beyond its training",
        "RUN",
        f"{RUN}; study=NAME: a run of each cell; lengths=100,200,400: others than the default",
    ),
    "verify": Command(
        "train recorded runs again and hold every metric against the record",
        "STUDY",
        f"study=NAME or results/<study>, or a run: {RUN}; tolerance=0.01",
    ),
    "compare": Command(
        "what differs between two studies by more than noise",
        "STUDY",
        "two of them: results/<study>, or study=NAME with results=FOLDER",
    ),
    "pack": Command(
        "put the records of a finished study into a few files, or back",
        "STUDY",
        "study=NAME or results/<study>; undo=true: a folder for each run again; results=FOLDER",
    ),
    "sync": Command("send finished offline runs and the report to W&B, each once", *SETTINGS),
    "dashboard": Command("build the W&B workspace and report of a study", *SETTINGS),
    "serve": Command(
        "show the studies of a results folder in the browser, read-only",
        "",
        "results=FOLDER; port=8100; host=127.0.0.1: this machine alone",
    ),
    "doctor": Command("what is installed, found and missing on this machine", *SETTINGS),
    "list": Command(
        "what there is, of every kind or of one",
        "KIND",
        "cells, tasks, models, optimisers, studies, runs, ...; default: all kinds but runs",
    ),
    "show": Command("draw one example of a task", *SETTINGS),
    "explain": Command(
        "work a cell by hand, four steps, forwards and backwards", "CELL", "lstm, rnn or gru"
    ),
    "check": Command(
        "hold a cell or task of your own against the laws",
        "CLASS",
        "its module and name, such as my_cells.Leaky for class Leaky in my_cells.py",
    ),
}


class Parser(argparse.ArgumentParser):
    """The parser of a command that takes settings: its help ends with what can be set."""

    settings = False

    def format_help(self) -> str:
        """Add the groups, the keys and an example."""
        if self.settings:
            from longlag.cli.complete import settings_help

            self.epilog = settings_help(self.prog)
        return super().format_help()


def parser() -> tuple[argparse.ArgumentParser, dict[str, Parser]]:
    """Make the parser of `longlag`, and that of each command."""
    top = argparse.ArgumentParser(
        prog="longlag",
        description="How long can a recurrent network remember, why, and which should you use?",
        epilog="Settings are Hydra overrides: longlag train cell=gru task=adding task.length=200. "
        "`longlag list` shows what there is, `longlag train --help` what can be set.",
    )
    top.add_argument("--version", action="version", version=f"longlag {longlag.__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    found = {}
    for name, command in COMMANDS.items():
        line = command.line
        sub = commands.add_parser(
            name,
            help=line,
            description=f"{line[0].upper()}{line[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.settings = command.metavar == "KEY=VALUE"
        add_options(sub, command)
        found[name] = sub
    return top, found


def add_options(sub: Parser, command: Command) -> None:
    """Add the words and options of a command."""
    words: Any = sub.add_argument("words", nargs="*", metavar=command.metavar, help=command.words)
    words.completer = complete_setting
    sub.add_argument(
        "--config-dir",
        "-cd",
        type=Path,
        metavar="DIR",
        help="a folder with groups of your own: DIR/cell/mine.yaml, DIR/task/mine.yaml",
    )
    sub.add_argument("--debug", action="store_true", help="show tracebacks")
    if command is COMMANDS["verify"]:
        sub.add_argument("--sample", type=int, default=5, metavar="N", help="runs; default: 5")
        sub.add_argument("--all", action="store_true", help="every run")
    if command is COMMANDS["report"]:
        line = "hold two studies against each other, as `longlag compare` does"
        sub.add_argument("--compare", nargs=2, metavar=("A", "B"), help=line)
    if command in [COMMANDS[name] for name in DRY]:
        line = "say what would be done, and how long it takes"
        sub.add_argument("--dry-run", "--plan", "--info", action="store_true", help=line)
    if command in (COMMANDS["train"], COMMANDS["bench"]):
        line = "as in Hydra; cell=rnn,lstm seed=range(5) works without it too"
        sub.add_argument("--multirun", "-m", action="store_true", help=line)
        kinds = ("job", "all")
        sub.add_argument("--cfg", "-c", choices=kinds, help="print the composed settings, run none")


def complete_setting(prefix: str, parsed_args: Any = None, **_: Any) -> list[str]:
    """List what a word can become, for the shell (`register-python-argcomplete longlag`)."""
    from longlag.cli.complete import completions

    given = vars(parsed_args) if parsed_args else {}
    return completions(prefix, given.get("config_dir"), given.get("command", ""))


def one(arguments: argparse.Namespace, allowed: str) -> str:
    """Return the single word that a command takes.

    Raises:
        LonglagError: none or several were given.
    """
    if len(arguments.words) != 1:
        given = " ".join(arguments.words) or "nothing"
        raise LonglagError(f"longlag {arguments.command} takes {allowed}, not {given!r}")
    return arguments.words[0]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; exit with 0, 1 (failed), 2 (a mistake to mend) or 130 (Ctrl-C, SIGTERM)."""
    if argv is None:  # the process is ours: what a cluster or `kill` sends ends it as Ctrl-C does
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    words = list(sys.argv[1:] if argv is None else argv)
    top, commands = parser()
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(top)
    if not words:
        top.print_help()
        return 0
    if words[0] in commands:  # options may stand anywhere between the settings
        arguments = commands[words[0]].parse_intermixed_args(words[1:])
        arguments.command = words[0]
    else:
        arguments = top.parse_args(words)
    sys.path.insert(0, os.getcwd())  # a cell of the user's own: my_cells.py beside the command
    try:
        with warnings_in_one_line():
            return importlib.import_module(f"longlag.cli.{arguments.command}").run(arguments)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt) as error:  # any: a traceback is for --debug
        if arguments.debug:
            traceback.print_exception(error)
        problem, status = verdict(error)
    print(f"longlag: error: {problem}", file=sys.stderr)
    return status


def verdict(error: BaseException) -> tuple[str, int]:
    """Return what to say of an error, and the exit status."""
    if isinstance(error, LonglagError):
        return str(error), 2
    if isinstance(error, OSError) and error.errno in UNUSABLE and error.filename:
        name = str(error.filename)
        shown = name if len(name) < 80 else f"{name[:60]}..."
        return f"cannot use {shown}: {error.strerror}; give another name or folder", 2
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; what was recorded is kept", 130
    if isinstance(error, ModuleNotFoundError):
        name = (error.name or "").partition(".")[0]
        if name in EXTRAS:
            return str(missing_package(name)), 2
        return (
            f"the package {error.name} cannot be imported: the installation is not complete; "
            "run `make setup`, or `pip install` longlag again"
        ), 2
    reason = str(error).strip().splitlines()
    first = reason[0] if reason else "no reason given"
    return f"{type(error).__name__}: {first} (run again with --debug for the traceback)", 1
