"""Where gonogo keeps its files, and the one place that decides their modes.

Everything is private (0700, 0600) unless the state home is a shared directory:
one that its owner gave the setgid bit and write permission for the group. Modes
are set on the open file, so the umask has no say.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from runbooks.errors import StateError
from runbooks.private import is_shared


def state_home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of all runs: ``$XDG_STATE_HOME/gonogo``."""
    return _xdg(environ, "XDG_STATE_HOME", ".local/state")


def home_of_runs(named: Path | None) -> Path:
    """Return the directory of all runs: *named* by the operator, else `state_home`.

    Raises:
        StateError: *named* does not exist; made here, it would be private, and a
            mistyped name would begin the run anew.
    """
    if named is None:
        return state_home()
    try:
        if named.is_dir():
            return named
        reason = "is not a directory" if named.exists() else "does not exist"
    except OSError as error:
        raise cannot("look at", named, error) from error
    raise StateError(
        f"{named} {reason}; --state-dir names a directory that is there already."
    )


def config_home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of configuration and trust: ``$XDG_CONFIG_HOME/gonogo``."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config")


def cache_home(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the directory of what can be made anew: ``$XDG_CACHE_HOME/gonogo``."""
    return _xdg(environ, "XDG_CACHE_HOME", ".cache")


def context_file(run: str, scratch: Path | None = None) -> Path:
    """Return where the shell context of the run with this id is.

    Args:
        scratch: directory for it; None for one that does not outlive the login.
    """
    return (scratch or runtime_dir()) / f"{run}.context"


def runtime_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return a private directory that does not outlive the login.

    Without ``$XDG_RUNTIME_DIR`` (cron, some containers) it is a directory under
    the state home, which does outlive it.
    """
    base = environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(base):
        return private_directory(Path(base) / "gonogo")
    return private_directory(state_home(environ) / "runtime")


def _xdg(environ: Mapping[str, str], name: str, default: str) -> Path:
    # The XDG specification: a relative path is invalid and is ignored.
    base = environ.get(name, "")
    if os.path.isabs(base):
        return Path(base) / "gonogo"
    return Path(environ.get("HOME") or Path.home()) / default / "gonogo"


def file_mode(directory: Path) -> int:
    """Return the mode of files that are made in *directory*."""
    return 0o660 if is_shared(directory) else 0o600


def private_directory(directory: Path) -> Path:
    """Return *directory*, made with mode 0700 where it does not exist.

    Raises:
        StateError: it cannot be made or used.
    """
    return _directory(directory, 0o700)


def run_directory(directory: Path) -> Path:
    """Return *directory*, made with the mode that its parent asks for.

    Raises:
        StateError: it cannot be made or used.
    """
    return _directory(directory, 0o2770 if is_shared(directory.parent) else 0o700)


def _directory(directory: Path, mode: int) -> Path:
    try:
        if not directory.is_dir():
            for missing in _missing(directory.parent):
                missing.mkdir(mode=0o700, exist_ok=True)
                sync_directory(missing.parent)
            directory.mkdir(exist_ok=True)
            handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fchmod(handle, mode)
            finally:
                os.close(handle)
            sync_directory(directory.parent)
        usable = os.access(directory, os.R_OK | os.W_OK | os.X_OK)
    except OSError as error:
        raise cannot("use", directory, error) from error
    if not usable:
        raise StateError(
            f"Cannot use {directory}: it is not readable and writable for you; "
            "change its permissions or choose another directory with --state-dir."
        )
    return directory


def _missing(directory: Path) -> list[Path]:
    """Return *directory* and those above it that do not exist, the highest first."""
    if directory.is_dir():
        return []
    return [*_missing(directory.parent), directory]


def open_file(path: Path, flags: int) -> int:
    """Open *path* for the run, created with the mode of its directory if need be.

    Raises:
        OSError: as os.open does.
    """
    flags |= os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags & ~os.O_CREAT)
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
    return _create(path, flags)


def _create(path: Path, flags: int) -> int:
    handle = os.open(path, flags, 0o600)
    os.fchmod(handle, file_mode(path.parent))
    return handle


def replace_file(
    path: Path, content: bytes, still: Callable[[], bool] = lambda: True
) -> bool:
    """Give *path* new content: after a crash it holds the old or the new, whole.

    Args:
        still: asked last; False leaves the old content.

    Returns:
        Whether it was replaced.

    Raises:
        StateError: it could not be written; the old content stands.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        # A file of its own each time: one whose sync failed once is not used again.
        with suppress(FileNotFoundError):
            new.unlink()
        handle = _create(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC)
        try:
            write_all(handle, content)
            os.fsync(handle)
        finally:
            os.close(handle)
        if not still():
            new.unlink()
            return False
        os.replace(new, path)
        sync_directory(path.parent)
        return True
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise cannot("write", path, error) from error


def sweep(path: Path) -> None:
    """Remove what a killed `replace_file` of *path* left; with the file's lock held."""
    with suppress(OSError):  # then it stays: it is in nobody's way
        for left in path.parent.glob(f".{path.name}.*.new"):
            left.unlink(missing_ok=True)


def write_all(handle: int, content: bytes) -> None:
    """Write every byte: a nearly full disk takes some and reports no error.

    Raises:
        OSError: as os.write does; also where nothing more is taken.
    """
    view = memoryview(content)
    while view:
        written = os.write(handle, view)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view = view[written:]


def sync_directory(directory: Path) -> None:
    """Make the names in *directory* durable.

    Raises:
        OSError: as os.fsync does.
    """
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def cannot(verb: str, path: Path, error: OSError) -> StateError:
    """Return the plain sentence for *error*."""
    remedies = {
        errno.ENOSPC: "the disk is full; free some space",
        errno.EDQUOT: "your disk quota is used up; free some space",
        errno.EFBIG: "a size limit on files was reached",
        errno.EROFS: "the disk is read-only",
        errno.EIO: "the disk reports an error",
        errno.ENOLCK: "this filesystem keeps no locks now (NFS without its lock "
        "service?); choose a local directory with --state-dir",
        errno.ESTALE: "the file server lost it (NFS); open the run again",
        errno.EACCES: "permission denied; check its owner and mode",
        errno.EPERM: "not permitted; check its owner and mode",
        errno.ENOENT: "it does not exist",
        errno.ENOTDIR: "a part of its path is not a directory",
        errno.EEXIST: "something that is not a directory has its name",
        errno.ELOOP: "it is a symbolic link, which gonogo does not follow",
    }
    reason = remedies.get(error.errno or 0, error.strerror or str(error))
    return StateError(f"Cannot {verb} {path}: {reason}.")
