"""All commands in one list, and how any of them ends: a result, or a message, never a traceback."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Final, NoReturn

import typer

from unheard.cli import (
    config_command,
    demo_command,
    doctor_command,
    evaluate_command,
    explore_command,
    import_command,
    init_command,
    simulate_command,
    train_command,
    weekly_command,
)
from unheard.errors import UnheardError, UsageError

STOPPED: Final = 130
"""Exit code after Ctrl-C."""

app = typer.Typer(
    name="unheard",
    help="Music discovery that anyone can run: every Monday, tracks you have not heard and will want to hear.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command("demo")(demo_command.demo)
app.command("init")(init_command.init)
app.command("import")(import_command.import_)
app.command("train")(train_command.train)
app.command("weekly")(weekly_command.weekly)
app.command("similar")(explore_command.similar)
app.command("explain")(explore_command.explain)
app.command("simulate")(simulate_command.simulate)
app.command("doctor")(doctor_command.doctor)
app.add_typer(evaluate_command.app, name="evaluate")
app.add_typer(config_command.app, name="config")


def run() -> NoReturn:
    """Run the command line; exits with 0, 1 (failed), 2 (used wrongly) or 130 (stopped by Ctrl-C)."""
    try:
        app(prog_name="unheard", standalone_mode=True)
        sys.exit(0)
    except UsageError as error:
        _say(f"unheard: {error}")
        sys.exit(2)
    except UnheardError as error:
        _say(f"unheard: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        _stopped()
    except SystemExit as end:
        if end.code == STOPPED:  # typer's way to end on Ctrl-C
            _stopped()
        raise
    except BrokenPipeError:
        # The reader of our output closed it (`unheard ... | head`); keep the interpreter from saying so again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except MemoryError:
        _say("unheard: out of memory; close other programs, or import and train on a machine with more of it")
        sys.exit(1)
    except OSError as error:
        _say(f"unheard: {error}; check that the path exists, that it may be written, and that the disk has room")
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the last door: a person gets words, the file gets the traceback
        _say(f"unheard: this is a fault of unheard itself: {type(error).__name__}: {error}")
        _say(f"unheard: the details are in {_kept_traceback()}; please report them")
        sys.exit(1)


def _stopped() -> NoReturn:
    _say("unheard: stopped; what was finished is kept, and the same command goes on from there")
    sys.exit(STOPPED)


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - a door speaks


def _kept_traceback() -> Path:
    with tempfile.NamedTemporaryFile(
        "w", prefix="unheard-", suffix=".log", delete=False, encoding="utf-8"
    ) as handle:
        traceback.print_exc(file=handle)
    return Path(handle.name)
