"""The console script `gonogo`: exit codes, and the last word on errors."""

from __future__ import annotations

import os
import sys


def _search_elsewhere() -> None:
    """Take the working directory off the path: what lies there is no library.

    It is there with ``python -m``, and for each element of PYTHONPATH that is empty or
    relative. Where gonogo itself is there, it stays. Before all other imports.
    """
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    try:
        here = os.getcwd()
    except OSError:
        here = ""
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    loose = {os.path.join(here, name) for name in named if not os.path.isabs(name)}
    loose = {"", here, *map(os.path.normpath, loose)} - {own}
    # Beyond the library of Python itself comes what is installed.
    library = os.path.dirname(os.__file__)
    first = sys.path.index(library) if library in sys.path else 0
    sys.path[:first] = [path for path in sys.path[:first] if path not in loose]
    if own not in sys.path:
        sys.path.insert(0, own)


_search_elsewhere()

import errno  # noqa: E402
from collections.abc import Sequence  # noqa: E402

OK, USAGE, BUG, INTERRUPTED = 0, 2, 70, 130
"""Exit codes: fine, wrong usage or a file that cannot be used, a bug, Ctrl-C."""

UNWRITABLE = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG)
"""What writing fails with; where no file is named, that is standard output."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run gonogo and return its exit code; never raises.

    Args:
        argv: the words after the program's name; those of the process if None.
    """
    _fill_descriptors()
    _keep_to_ourselves()
    try:
        code = _run(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _print_nowhere()
        return OK
    except OSError as error:
        if error.filename is not None or error.errno not in UNWRITABLE:
            return _explain(error)
        from tui.cli.printing import complain

        _print_nowhere()
        said = f"what it prints cannot be written ({error.strerror})"
        complain(f"{said}; 'gonogo status' says what stands.")
        return USAGE
    except Exception as error:
        return _explain(error)


def _run(words: list[str]) -> int:
    from tui.cli import COMMANDS
    from tui.log import keep_log

    keep_log()

    match words:
        case [name] if name and name[0] != "-" and name not in COMMANDS:
            from pathlib import Path

            from tui.cli.walk import walk

            return walk(Path(name))
    from tui.cli.group import run

    return run(words)


def _print_nowhere() -> None:
    """Let go of standard output: Python flushes it once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fill_descriptors() -> None:
    """Open what the caller left closed of standard input, output and errors.

    Else the first files that we open would take their places, and what is printed
    would be written into them.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free
            setattr(sys, name, open(handle, mode, encoding="utf-8"))  # noqa: SIM115


def _keep_to_ourselves() -> None:
    """Leave no memory image behind, and send no sequence but our own."""
    import resource

    # One byte: no file is so small, and it is the one number at which the kernel gives
    # a program that is named in core_pattern nothing either. 0 is for files alone.
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (1 if hard else 0, hard))
    from tui.sent import wall_in

    wall_in()


def _explain(error: Exception) -> int:
    """Say in one sentence what stopped gonogo."""
    from click import ClickException

    from runbooks.errors import GonogoError
    from tui.cli.printing import complain
    from tui.log import without_secrets

    if isinstance(error, ClickException):
        where = getattr(getattr(error, "ctx", None), "command_path", "gonogo")
        say = f"{error.format_message()} '{where} --help' says what it takes."
    elif isinstance(error, GonogoError):
        say = str(error)
    else:
        complain(_report(error), lines=True)
        return BUG
    complain(without_secrets(say))
    return USAGE


def _report(error: Exception) -> str:
    """Write the traceback where only the operator can read it; say where."""
    import tempfile
    import traceback

    from state.locations import state_home
    from tui.display import display_text
    from tui.log import bare, without_secrets

    whole = "".join(traceback.format_exception(error))
    report = without_secrets(whole, bare(error))
    text = display_text(report, lines=True)
    said = f"stopped by a bug of its own ({type(error).__name__}); "
    for directory in (state_home(), tempfile.gettempdir()):
        try:
            os.makedirs(directory, mode=0o700, exist_ok=True)
            number, path = tempfile.mkstemp(".log", "bug-", directory)  # mode 0600
        except OSError:
            continue
        with open(number, "w", encoding="utf-8", errors="backslashreplace") as log:
            log.write(text)
        return f"{said}what it was doing is in {path}. Decisions are on disk."
    return f"{said}no place to write the details.\n{text}"


if __name__ == "__main__":
    sys.exit(main())
