"""The table of commands that only read.

A command, with the options and subcommands that keep it so. What is not here
may change something. Long options are refused by any prefix, as getopt accepts
abbreviations.
"""

from __future__ import annotations

from collections.abc import Mapping

from runbooks.options import (
    CURL_TAKES,
    DATE_TAKES,
    Rule,
    check_awk,
    check_curl,
    check_date,
    check_export,
    check_openssl,
    check_printf,
    check_redis,
    check_sed,
    check_test,
    options,
    phrases,
)

ANY = Rule(loose=True)

_KUBECTL = Rule(
    only=phrases(
        "get, describe, logs, top, version, explain, api-resources, api-versions,"
        "events, cluster-info, config view, config get-contexts, config get-clusters,"
        "config current-context, rollout status, rollout history, auth can-i,"
        "auth whoami"
    ),
    before=options(
        "-n= --namespace= --context= --cluster= --user= -s= --server="
        " --request-timeout= --kubeconfig="
    ),
    refuse=options("--profile --profile-output --cache-dir --output-directory"),
    loose=True,
)
_COMPOSE = "ps, logs, config, ls, images, top, port, version, stats"
_COMPOSE_RULE = Rule(
    only=phrases(_COMPOSE),
    before=options("-f= --file= -p= --project-name= --env-file= --profile= --ansi="),
    refuse=options("-o --output"),
    loose=True,
)
_DOCKER = Rule(
    only=phrases(
        "ps, logs, inspect, images, version, info, stats, top, port, history, diff,"
        "events, container ls, container ps, container logs, container inspect,"
        "container top, container stats, image ls, image inspect, image history,"
        "network ls, network inspect, volume ls, volume inspect, system df,"
        "system info, context ls, context show, context inspect, node ls, node ps,"
        "service ls, service ps, service logs, stack ls, stack ps"
    ),
    before=options("-H= --host= -c= --context= -D --debug -l= --log-level= --tls"),
    loose=True,
)
_GIT = Rule(
    only=phrases("status, log, diff, show, rev-parse, describe, blame, ls-files"),
    before=options("-C= --no-pager"),
    refuse=options("--output --ext-diff --textconv"),
)
_CURL = options(
    "-s --silent -S --show-error -f --fail --fail-with-body -k --insecure -i --include"
    " -I --head -L --location -v --verbose -H --header -A --user-agent -m --max-time"
    " --connect-timeout -u --user -w --write-out -x --proxy -X --request -o --output"
    " -4 --ipv4 -6 --ipv6 --compressed --retry --retry-delay --retry-max-time"
    " --retry-connrefused --retry-all-errors --resolve --connect-to --cacert --cert"
    " --key --http1.1 --http2 --tlsv1.2 --tlsv1.3 --url -g --globoff -N --no-buffer"
    " -b --cookie -e --referer --noproxy --max-redirs -r --range --no-progress-meter"
    " --unix-socket -D --dump-header --oauth2-bearer -#"
)


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
    "curl": Rule(accept=_CURL, takes=CURL_TAKES, check=check_curl),
    "export": Rule(accept=frozenset(), loose=True, check=check_export),
    "awk": Rule(accept=options("-F"), takes=options("-F"), check=check_awk),
    "base64": Rule(refuse=options("-o --output")),
    "find": Rule(
        refuse=options(
            "-delete -exec -execdir -ok -okdir -fprint -fprint0 -fprintf -fls"
            " -files0-from"
        ),
        whole=True,
    ),
    "ss": Rule(refuse=options("-K --kill -D --diag")),
    "date": Rule(refuse=options("-s --set"), takes=DATE_TAKES, check=check_date),
    "sort": Rule(
        refuse=options("-o --output -T --compress-program"), takes=options("-k -t")
    ),
    "sed": Rule(accept=options("-n -E -r --quiet"), check=check_sed),
    "ping": Rule(refuse=options("-f"), loose=True),
    "hostname": Rule(accept=options("-f -i -I -s -d -A --fqdn"), operands=0),
    "uniq": Rule(operands=1),
    "tree": Rule(refuse=options("-o -R")),
    "test": Rule(loose=True, check=check_test),
    "printf": Rule(loose=True, check=check_printf),
    "env": Rule(operands=0),
    "command": Rule(accept=options("-v -V")),
    "openssl": Rule(
        only=phrases("s_client, x509, version"),
        accept=options(
            "-connect -servername -noout -in -dates -enddate -startdate -subject"
            " -issuer -fingerprint -checkend -text -serial -brief -showcerts -verify"
            " -verify_return_error -tls1_2 -tls1_3 -starttls -CAfile -CApath -ext"
            " -inform -sha256 -alpn"
        ),
        takes=options(
            "-connect -servername -in -checkend -verify -starttls -CAfile -CApath"
            " -ext -inform -alpn"
        ),
        whole=True,
        check=check_openssl,
    ),
    "systemctl": Rule(
        only=phrases(
            "status, is-active, is-enabled, is-failed, list-units, list-timers,"
            "list-unit-files, show, cat"
        ),
        before=options("--user --no-pager"),
        loose=True,
    ),
    "journalctl": Rule(
        refuse=options(
            "--vacuum-size --vacuum-time --vacuum-files --rotate --flush --sync"
            " --relinquish-var --smart-relinquish-var --setup-keys --update-catalog"
            " --cursor-file"
        ),
        takes=options("-u --unit -n --lines -S --since -U --until -p -o -t -b"),
    ),
    "helm": Rule(
        only=phrases("list, ls, status, history, get, version"),
        before=options("-n= --namespace= --kube-context= --kubeconfig="),
        refuse=options("--post-renderer"),
        loose=True,
    ),
    "redis-cli": Rule(
        accept=options("-h -p -n -a -u --user --no-auth-warning --tls --raw"),
        takes=options("-h -p -n -a -u --user"),
        check=check_redis,
    ),
    "nvidia-smi": Rule(
        accept=options("-L -q -l -i -d --query-gpu --format --id --query --list-gpus"),
        takes=options("-i -d -l"),
        operands=0,
    ),
    "rocm-smi": Rule(
        accept=options(
            "--json --csv -a --showallinfo -t --showtemp -u --showuse -i --showid"
            " --showmeminfo --showproductname --showdriverversion -p --showpower"
        ),
        takes=options("--showmeminfo"),
    ),
    "gonogo": Rule(only=phrases("show, lint, check, runs, probes"), loose=True),
}
"""Command name to the rule that keeps it read-only."""
