"""The table of commands that only read.

A command, with the options and subcommands that keep it so. What is not here
may change something. Long options are refused by any prefix, as getopt accepts
abbreviations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[str]:
    return frozenset(" ".join(phrase.split()) for phrase in text.split(","))


ANY = Rule(loose=True)

_KUBECTL = Rule(
    only=_phrases(
        "get, describe, logs, top, version, explain, api-resources, api-versions,"
        "events, cluster-info, config view, config get-contexts, config get-clusters,"
        "config current-context, rollout status, rollout history, auth can-i,"
        "auth whoami"
    ),
    before=_set(
        "-n= --namespace= --context= --cluster= --user= -s= --server="
        " --request-timeout= --kubeconfig="
    ),
    refuse=_set("--profile --profile-output --cache-dir --output-directory"),
    loose=True,
)
_COMPOSE = "ps, logs, config, ls, images, top, port, version, stats"
_COMPOSE_RULE = Rule(
    only=_phrases(_COMPOSE),
    before=_set("-f= --file= -p= --project-name= --env-file= --profile= --ansi="),
    refuse=_set("-o --output"),
    loose=True,
)
_DOCKER = Rule(
    only=_phrases(
        "ps, logs, inspect, images, version, info, stats, top, port, history, diff,"
        "events, container ls, container ps, container logs, container inspect,"
        "container top, container stats, image ls, image inspect, image history,"
        "network ls, network inspect, volume ls, volume inspect, system df,"
        "system info, context ls, context show, context inspect, node ls, node ps,"
        "service ls, service ps, service logs, stack ls, stack ps"
    ),
    before=_set("-H= --host= -c= --context= -D --debug -l= --log-level= --tls"),
    loose=True,
)
_GIT = Rule(
    only=_phrases("status, log, diff, show, rev-parse, describe, blame, ls-files"),
    before=_set("-C= --no-pager"),
    refuse=_set("--output --ext-diff --textconv"),
)
_CURL = _set(
    "-s --silent -S --show-error -f --fail --fail-with-body -k --insecure -i --include"
    " -I --head -L --location -v --verbose -H --header -A --user-agent -m --max-time"
    " --connect-timeout -u --user -w --write-out -x --proxy -X --request -o --output"
    " -4 --ipv4 -6 --ipv6 --compressed --retry --retry-delay --retry-max-time"
    " --retry-connrefused --retry-all-errors --resolve --connect-to --cacert --cert"
    " --key --http1.1 --http2 --tlsv1.2 --tlsv1.3 --url -g --globoff -N --no-buffer"
    " -b --cookie -e --referer --noproxy --max-redirs -r --range --no-progress-meter"
    " --unix-socket -D --dump-header --oauth2-bearer -#"
)
_CURL_TAKES = _set(
    "-H --header -A --user-agent -m --max-time --connect-timeout -u --user -w"
    " --write-out -x --proxy -X --request -o --output --retry --retry-delay"
    " --retry-max-time --resolve --connect-to --cacert --cert --key --url -b --cookie"
    " -e --referer --noproxy --max-redirs -r --range --unix-socket -D --dump-header"
    " --oauth2-bearer"
)


def _curl(simple: Simple) -> str:
    for option, value in _valued(simple, _CURL_TAKES):
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


def _valued(simple: Simple, takes: frozenset[str]) -> list[tuple[str, str | None]]:
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


def _date(simple: Simple) -> str:
    for option, value in _valued(simple, _set("-d --date -r --reference -f --file")):
        if option == "" and not (value or "").startswith("+"):
            return "a date to set"
    return ""


def _sed(simple: Simple) -> str:
    # Only what can be proved harmless: print ranges, and plain substitutions.
    safe = r"(?:[\d,$]*p|/[^/]*/p|s/[^/]*/[^/]*/g?|[\d,$]*d|/[^/]*/d)"
    scripts = [value for _, value in _valued(simple, frozenset())]
    script = next((v for v in scripts if v), "")
    return "" if re.fullmatch(safe, script) else "a script that is not plain"


def _redis(simple: Simple) -> str:
    operands = [v for o, v in _valued(simple, _set("-h -p -n -a -u --user")) if not o]
    verb = (operands[0] or "").upper() if operands else ""
    reads = _set("PING INFO GET DBSIZE TTL EXISTS TYPE LLEN SCARD ZCARD HGETALL STRLEN")
    if verb in reads:
        return ""
    return f"`{verb[:20]}` may change something" if verb else "no command"


def _printf(simple: Simple) -> str:
    first = simple.arguments[0] if simple.arguments else None
    return (
        "`-v` sets a variable" if first is None or first.start.startswith("-v") else ""
    )


def _test(simple: Simple) -> str:
    return "`-v` may run something" if {"-v", "-R"} & set(simple.values) else ""


def _openssl(simple: Simple) -> str:
    verb = simple.values[0] if simple.values else ""
    if verb == "x509" and "-noout" not in simple.values:
        return "x509 without -noout"
    return ""


def _awk(simple: Simple) -> str:
    # Plain prints of fields: no pipe, no file, no call.
    field = r'(?:\$\w+|"[^"\\]*")'
    plain = (
        rf"(?:NR\s*[=<>]=?\s*\d+)?\s*\{{\s*print(?:\s+{field}(?:[\s,]+{field})*)?\s*\}}"
    )
    operands = [v for o, v in _valued(simple, _set("-F")) if not o]
    script = (operands[0] or "") if operands else ""
    return "" if re.fullmatch(plain, script.strip()) else "a script that is not plain"


def _export(simple: Simple) -> str:
    dynamic = any(w.value is None or "=" in w.value for w in simple.arguments)
    return "a name that only the shell knows" if dynamic else ""


_HARMLESS = """
cat ls grep egrep fgrep zgrep head tail wc jq ps id whoami uptime uname
printenv which type echo true false : sleep cd pwd df du free netstat dig
nslookup host stat basename dirname realpath
readlink cut tr tac nl column diff cmp comm lsblk lscpu who groups getent
pgrep seq md5sum sha256sum pg_isready rocminfo
"""

READ_ONLY: Mapping[str, Rule] = {
    **dict.fromkeys(
        _HARMLESS.split(),
        ANY,
    ),
    "kubectl": _KUBECTL,
    "docker-compose": _COMPOSE_RULE,
    "docker": _DOCKER,
    "git": _GIT,
    "curl": Rule(accept=_CURL, takes=_CURL_TAKES, check=_curl),
    "export": Rule(accept=frozenset(), loose=True, check=_export),
    "awk": Rule(accept=_set("-F"), takes=_set("-F"), check=_awk),
    "base64": Rule(refuse=_set("-o --output")),
    "find": Rule(
        refuse=_set(
            "-delete -exec -execdir -ok -okdir -fprint -fprint0 -fprintf -fls"
            " -files0-from"
        ),
        whole=True,
    ),
    "ss": Rule(refuse=_set("-K --kill -D --diag")),
    "date": Rule(refuse=_set("-s --set"), check=_date),
    "sort": Rule(refuse=_set("-o --output -T --compress-program"), takes=_set("-k -t")),
    "sed": Rule(accept=_set("-n -E -r --quiet"), check=_sed),
    "ping": Rule(refuse=_set("-f"), loose=True),
    "hostname": Rule(accept=_set("-f -i -I -s -d -A --fqdn"), operands=0),
    "uniq": Rule(operands=1),
    "tree": Rule(refuse=_set("-o -R")),
    "test": Rule(loose=True, check=_test),
    "printf": Rule(loose=True, check=_printf),
    "env": Rule(operands=0),
    "openssl": Rule(
        only=_phrases("s_client, x509, version"),
        accept=_set(
            "-connect -servername -noout -in -dates -enddate -startdate -subject"
            " -issuer -fingerprint -checkend -text -serial -brief -showcerts -verify"
            " -verify_return_error -tls1_2 -tls1_3 -starttls -CAfile -CApath -ext"
            " -inform -sha256 -alpn"
        ),
        takes=_set(
            "-connect -servername -in -checkend -verify -starttls -CAfile -CApath"
            " -ext -inform -alpn"
        ),
        whole=True,
        check=_openssl,
    ),
    "systemctl": Rule(
        only=_phrases(
            "status, is-active, is-enabled, is-failed, list-units, list-timers,"
            "list-unit-files, show, cat"
        ),
        before=_set("--user --no-pager"),
        loose=True,
    ),
    "journalctl": Rule(
        refuse=_set(
            "--vacuum-size --vacuum-time --vacuum-files --rotate --flush --sync"
            " --relinquish-var --smart-relinquish-var --setup-keys --update-catalog"
            " --cursor-file"
        ),
        takes=_set("-u --unit -n --lines -S --since -U --until -p -o -t -b"),
    ),
    "helm": Rule(
        only=_phrases("list, ls, status, history, get, version"),
        before=_set("-n= --namespace= --kube-context= --kubeconfig="),
        refuse=_set("--post-renderer"),
        loose=True,
    ),
    "redis-cli": Rule(
        accept=_set("-h -p -n -a -u --user --no-auth-warning --tls --raw"),
        takes=_set("-h -p -n -a -u --user"),
        check=_redis,
    ),
    "nvidia-smi": Rule(
        accept=_set("-L -q -l -i -d --query-gpu --format --id --query --list-gpus"),
        takes=_set("-i -d -l"),
        operands=0,
    ),
    "rocm-smi": Rule(
        accept=_set(
            "--json --csv -a --showallinfo -t --showtemp -u --showuse -i --showid"
            " --showmeminfo --showproductname --showdriverversion -p --showpower"
        ),
        takes=_set("--showmeminfo"),
    ),
    "gonogo": Rule(only=_phrases("show, lint, check, runs, probes"), loose=True),
}
"""Command name to the rule that keeps it read-only."""
