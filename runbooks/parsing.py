"""Reads a runbook: any Markdown file, with what gonogo adds to it."""

from __future__ import annotations

import re
import stat
from hashlib import sha256
from pathlib import Path

from runbooks.errors import DocumentError
from runbooks.found import MAX_NESTING
from runbooks.markdown import Cancelled, Progress, find
from runbooks.model import Counts, Problem, Runbook
from runbooks.tables import RunbookOptions

MAX_BYTES = 10 * 1024 * 1024
"""Bytes; larger documents are refused before they are read."""

MAX_LINES = 300_000
MAX_BLOCKS = 100_000
"""Items, headings, quotes, fences and link definitions, by how their lines begin; more
would take the parser longer than anybody waits."""

SIDECAR = ".gonogo.toml"

_SNIFFED = 8192
_CONTROL = re.compile(rb"[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f]")

_BEGINNING = re.compile(
    rb"^[ \t]*(?:((?:(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)|>[ \t]?)+)"
    rb"|#{1,6}(?:[ \t]|$)|```|~~~|\[[^\]\n]{1,999}\]:)",
    re.MULTILINE,
)
"""What a block begins with; its group is a run of quotes and items in one line."""

_KEY = re.compile(r"[A-Za-z_][\w .-]*:(?:\s|$)|\"[^\"]+\":(?:\s|$)")
_YAML = re.compile(r"\s*(?:#|$)|[ \t]|-(?:\s|$)|[\]}]")
_BOX = re.compile(r"\s*[-*+]\s+\[[ xX]\]")


def read(path: Path, progress: Progress | None = None) -> Runbook:
    """Return the runbook in the file *path*, with its sidecar where there is one.

    Args:
        progress: see `parse`.

    Raises:
        DocumentError: there is no such file, or it is a directory, binary,
            unreadable or larger than `MAX_BYTES`, `MAX_LINES` or `MAX_BLOCKS`; or
            reading was cancelled.
    """
    data = _bytes(path)
    if _is_binary(data):
        raise DocumentError(
            path, "this is a binary file, not text; open a Markdown document"
        )
    _refuse_too_many(data, path)
    extra = beside(path)
    sidecar = _bytes(extra) if extra.exists() else None
    return parse(data, path, sidecar, progress)


def beside(path: Path) -> Path:
    """Return where the sidecar of the runbook *path* is, if it has one."""
    return path.with_name(path.stem + SIDECAR)


def parse(
    data: bytes,
    path: Path,
    sidecar: bytes | None = None,
    progress: Progress | None = None,
) -> Runbook:
    """Return the runbook that *data* is; complaints go to its problems.

    Args:
        path: where *data* was read; nothing is read from it.
        sidecar: content of ``NAME.gonogo.toml``.
        progress: called now and then with how far reading is (0 to 1); its True
            cancels.

    Raises:
        DocumentError: *progress* cancelled. No content is refused.
    """
    from runbooks.assembly import Assembly
    from runbooks.attachments import Attached
    from runbooks.near_misses import notices
    from runbooks.sidecar import Sidecar

    problems: list[Problem] = []
    text = _text(data, path, problems)
    try:
        found = find(text, progress)
    except Cancelled as cancelled:
        raise DocumentError(path, "reading it was cancelled") from cancelled
    if found.too_deep:
        problems.append(
            Problem(
                path,
                found.too_deep,
                1,
                f"lists and quotes are nested more than {MAX_NESTING} levels deep",
                "what is deeper is not read; write it flatter",
            )
        )
    problems += [
        Problem(
            path,
            line,
            1,
            "nothing closes the fence that begins here; what follows is read as code",
            "write a closing fence where the code ends",
            warning=True,
        )
        for line in found.unclosed
    ]
    declared = Sidecar(beside(path), sidecar or b"", problems)
    attached = Attached(path, text, found, declared, problems)
    noticed = notices(text, found)
    assembly = Assembly(path, found, attached)
    declared.complain_unused(step.id for step in assembly.steps)
    tasks = sum(step.part is None for step in assembly.steps)
    checked = sum(step.checked for step in assembly.steps)
    return Runbook(
        path=path,
        title=assembly.title,
        digest=digest_of(data, sidecar),
        counts=Counts(
            headings=dict(sorted(found.headings.items())),
            checked=checked,
            unchecked=tasks - checked,
            fences=dict(found.fences),
        ),
        options=RunbookOptions(**attached.runbook),
        sections=tuple(assembly.sections),
        steps=tuple(assembly.steps),
        blocks=tuple(assembly.blocks),
        rows=tuple(assembly.rows),
        notices=noticed,
        problems=tuple(sorted(problems, key=lambda p: (str(p.path), p.line, p.column))),
        data=data,
        sidecar=sidecar,
    )


def _bytes(path: Path) -> bytes:
    try:
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            raise DocumentError(path, "this is a directory; name a Markdown file in it")
        if not stat.S_ISREG(facts.st_mode):
            raise DocumentError(path, "this is no regular file; copy it to one")
        if facts.st_size > MAX_BYTES:
            raise _too_large(path)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise DocumentError(path, "there is no such file; check the name") from error
    except (OSError, ValueError) as error:
        said = (getattr(error, "strerror", "") or str(error)).lower()
        raise DocumentError(path, f"it cannot be read: {said}") from error
    if len(data) > MAX_BYTES:
        raise _too_large(path)
    return data


def _too_large(path: Path) -> DocumentError:
    return DocumentError(
        path,
        f"it is larger than the {MAX_BYTES // 1024 // 1024} MiB that gonogo reads; "
        "split it into several runbooks",
    )


def _refuse_too_many(data: bytes, path: Path) -> None:
    """Refuse what is more than can be read, before any of it is.

    Raises:
        DocumentError: it names the line from which on it is too much.
    """
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    split = "split it into several runbooks"
    if data.count(b"\n") > MAX_LINES:
        said = f"there are more than the {MAX_LINES:,} lines that gonogo reads; {split}"
        raise DocumentError(path, said, MAX_LINES + 1, 1)
    found = 0
    for match in _BEGINNING.finditer(data):
        found += (len((match[1] or b"").rstrip()) + 1) // 2 or 1
        if found > MAX_BLOCKS:
            line = data.count(b"\n", 0, match.start()) + 1
            said = (
                f"up to here there are more than the {MAX_BLOCKS:,} items, headings, "
                f"quotes and fences that gonogo reads; {split}"
            )
            raise DocumentError(path, said, line, 1)


def _is_binary(data: bytes) -> bool:
    """Whether control characters that no text has are common at the beginning."""
    sample = data[:_SNIFFED]
    if sample[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    controls = len(_CONTROL.findall(sample))
    return controls > 1 and controls * 20 > len(sample)


def digest_of(data: bytes, sidecar: bytes | None) -> str:
    """Return the digest of a runbook with these bytes, as `Runbook.digest` says it.

    Beside a sidecar it is a digest of two digests: of the bytes in a row one could not
    tell where the one ends, and a document could be written that holds both.
    """
    document = sha256(data)
    if sidecar is None:
        return document.hexdigest()
    return sha256(document.digest() + sha256(sidecar).digest()).hexdigest()


def _text(data: bytes, path: Path, problems: list[Problem]) -> str:
    """Return *data* as Markdown reads it: lines end in ``\\n``, front matter is blank.

    Bytes that are not UTF-8 show as ``\\xe9``; a NUL is U+FFFD, as CommonMark says.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        start = data.rfind(b"\n", 0, error.start) + 1
        problems.append(
            Problem(
                path,
                line,
                len(data[start : error.start].decode("utf-8", "replace")) + 1,
                f"byte 0x{data[error.start]:02x} is not UTF-8",
                "save the file as UTF-8",
                warning=True,
            )
        )
        text = data.decode("utf-8-sig", "backslashreplace")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\0", "\ufffd")
    lines = front_matter(text)
    if lines:
        text = "\n" * lines + text.split("\n", lines)[lines]
    return text


def front_matter(text: str) -> int:
    """Return how many lines of YAML front matter *text* begins with, 0 for none.

    A document may merely open with a rule: front matter is closed, begins with a
    key and no blank line, and between the rules nothing but YAML stands, no task.
    """
    lines = iter(text.split("\n", 2000)[:2000])
    if next(lines).rstrip() != "---":
        return 0
    keys = 0
    for number, line in enumerate(lines, start=2):
        if line.rstrip() in ("---", "..."):
            return number if keys else 0
        if _BOX.match(line) or (number == 2 and not line.strip()):
            return 0
        if _KEY.match(line):
            keys += 1
        elif not _YAML.match(line) or (not keys and not line.startswith("#")):
            return 0
    return 0
