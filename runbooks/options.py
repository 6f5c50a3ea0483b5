"""What keeps a command read-only, and the commands that need a closer look."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from runbooks.words import Simple, Word


@dataclass(frozen=True, slots=True)
class Rule:
    """What keeps a command read-only.

    Attributes:
        only: subcommands that read, one or two words each; empty for none.
        before: options allowed before the subcommand; ``=`` at the end of those
            that take a value.
        refuse: options that change something.
        accept: the only options allowed; empty for any that is not refused.
        takes: options whose value is the next word.
        whole: options have one dash and a whole word, as those of `find`.
        operands: most arguments that are no options; None for any number.
        loose: arguments may come from variables, because nothing that they
            could turn into is refused for more than form's sake.
        check: says what is wrong with the arguments, or "".
    """

    only: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()
    refuse: frozenset[str] = frozenset()
    accept: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()
    whole: bool = False
    operands: int | None = None
    loose: bool = False
    check: Callable[[Simple], str] | None = None


def options(text: str) -> frozenset[str]:
    """Return the options that *text* lists, blanks between."""
    return frozenset(text.split())


def phrases(text: str) -> frozenset[str]:
    """Return the subcommands that *text* lists, commas between."""
    return frozenset(" ".join(phrase.split()) for phrase in text.split(","))


# A check says what is wrong with the arguments of a command, or "".

CURL_TAKES = options(
    "-H --header -A --user-agent -m --max-time --connect-timeout -u --user -w"
    " --write-out -x --proxy -X --request -o --output --retry --retry-delay"
    " --retry-max-time --resolve --connect-to --cacert --cert --key --url -b --cookie"
    " -e --referer --noproxy --max-redirs -r --range --unix-socket -D --dump-header"
    " --oauth2-bearer"
)


def check_curl(simple: Simple) -> str:
    for option, value in valued(simple, CURL_TAKES):
        if option in ("-X", "--request") and value not in ("GET", "HEAD"):
            return f"`{option}` {value or 'with a variable'}"
        if option in ("-o", "--output", "-D", "--dump-header") and value not in (
            "/dev/null",
            "-",
        ):
            return f"`{option}` writes a file"
        if option in ("-w", "--write-out") and (
            value is None or value.startswith("@") or "%output" in value
        ):
            return f"`{option}` may write a file"
        if option in ("", "--url"):
            scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value or "")
            if scheme and scheme[0].lower() not in ("http://", "https://"):
                return f"`{scheme[0]}` is no http"
    return ""


def valued(simple: Simple, takes: frozenset[str]) -> list[tuple[str, str | None]]:
    """Return options with their values, "" as the option of a plain argument."""
    found: list[tuple[str, str | None]] = []
    words = list(simple.arguments)
    while words:
        word = words.pop(0)
        if not word.is_option:
            found.append(("", word.value if word.value is not None else word.start))
            continue
        for option, value in options_of(word, takes):
            if value == "" and option in takes and words:
                value = words.pop(0).value
            found.append((option, value))
    return found


def options_of(word: Word, takes: frozenset[str]) -> list[tuple[str, str | None]]:
    """Return the options in *word*, one of a cluster each, with a joined value.

    The value is "" where none is joined, None where only the shell knows it.
    """
    text = word.start
    if text.startswith("--"):
        option, joined, value = text.partition("=")
        known = word.value is not None or not joined
        return [(option, value if known else None)]
    found: list[tuple[str, str | None]] = []
    for place, letter in enumerate(text[1:], 1):
        option = f"-{letter}"
        if option in takes:
            return [*found, (option, text[place + 1 :] if word.value else None)]
        found.append((option, ""))
    return found


DATE_TAKES = options("-d --date -r --reference -f --file")


def check_date(simple: Simple) -> str:
    for option, value in valued(simple, DATE_TAKES):
        if option == "" and not (value or "").startswith("+"):
            return "a date to set"
    return ""


def check_sed(simple: Simple) -> str:
    # Only what can be proved harmless: print ranges, and plain substitutions.
    safe = r"(?:[\d,$]*p|/[^/]*/p|s/[^/]*/[^/]*/g?|[\d,$]*d|/[^/]*/d)"
    scripts = [value for _, value in valued(simple, frozenset())]
    script = next((v for v in scripts if v), "")
    return "" if re.fullmatch(safe, script) else "a script that is not plain"


def check_redis(simple: Simple) -> str:
    operands = [v for o, v in valued(simple, options("-h -p -n -a -u --user")) if not o]
    verb = (operands[0] or "").upper() if operands else ""
    reads = options(
        "PING INFO GET DBSIZE TTL EXISTS TYPE LLEN SCARD ZCARD HGETALL STRLEN"
    )
    if verb in reads:
        return ""
    return f"`{verb[:20]}` may change something" if verb else "no command"


def check_printf(simple: Simple) -> str:
    first = simple.arguments[0] if simple.arguments else None
    return (
        "`-v` sets a variable" if first is None or first.start.startswith("-v") else ""
    )


def check_test(simple: Simple) -> str:
    return "`-v` may run something" if {"-v", "-R"} & set(simple.values) else ""


def check_openssl(simple: Simple) -> str:
    verb = simple.values[0] if simple.values else ""
    if verb == "x509" and "-noout" not in simple.values:
        return "x509 without -noout"
    return ""


def check_awk(simple: Simple) -> str:
    # Plain prints of fields: no pipe, no file, no call.
    field = r'(?:\$\w+|"[^"\\]*")'
    plain = (
        rf"(?:NR\s*[=<>]=?\s*\d+)?\s*\{{\s*print(?:\s+{field}(?:[\s,]+{field})*)?\s*\}}"
    )
    operands = [v for o, v in valued(simple, options("-F")) if not o]
    script = (operands[0] or "") if operands else ""
    return "" if re.fullmatch(plain, script.strip()) else "a script that is not plain"


def check_export(simple: Simple) -> str:
    dynamic = any(w.value is None or "=" in w.value for w in simple.arguments)
    return "a name that only the shell knows" if dynamic else ""
