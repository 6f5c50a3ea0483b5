"""Process that asks a Kubernetes API server, beside the one that shows a runbook.

The client library runs the credential plugins of a kubeconfig: programs that write
where they like, may ask at a terminal, and may hang. Here they find neither terminal
nor input, and end with this process.

Usage: ``python -P -m runbooks.probes.kubernetes.reader``, as leader of a session.
JSON lines come in and go out. The first names ``kubeconfig`` and ``context``; its
answer has the id 0 and says ``namespace`` and ``server``. Each further one is a
request with ``id``, ``path``, ``query``, ``accept``, ``review`` and ``timeout``; its
answer has the same id and either ``status`` and ``body``, or ``failed``, ``stage``
and ``note``. Answers come in any order. The process ends when its input does.

Requests are GETs. A request with a ``review`` POSTs it: access reviews are asked so,
and the API server stores nothing of them.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from runbooks.errors import ProbeError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

PARALLEL = 8
"""Requests under way at a time."""
SHOWN = 200
"""Characters of what a library or plugin says that are passed on."""
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class _Said(logging.Handler):
    """Keeps what the client library logs instead of raising it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def main() -> None:
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    writing = threading.Lock()
    pool = ThreadPoolExecutor(PARALLEL)

    def answer(number: int, said: Mapping[str, Any]) -> None:
        with writing:
            answers.write(json.dumps({"id": number, **said}).encode() + b"\n")
            answers.flush()

    # The library writes client keys to files; this process ends by a signal.
    with tempfile.TemporaryDirectory(prefix="gonogo-") as directory:
        tempfile.tempdir = directory
        _serve(requests, pool, answer)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _serve(requests: IO[bytes], pool: ThreadPoolExecutor, answer: Any) -> None:
    """Answer every request until there are no more."""
    first = requests.readline()
    if not first:
        return
    opened: Future[tuple[ApiClient, str]] = pool.submit(_open, json.loads(first))

    def open_up() -> dict[str, Any]:
        client, namespace = opened.result()
        return {"namespace": namespace, "server": client.configuration.host}

    def reply(number: int, ask: Any) -> None:
        try:
            said = ask()
        except ProbeError as error:
            note = "\n".join(getattr(error, "__notes__", ()))
            said = {"failed": str(error), "stage": error.stage, "note": note}
        answer(number, said)

    pool.submit(reply, 0, open_up)
    for line in requests:
        request = json.loads(line)

        def ask(request: dict[str, Any] = request) -> dict[str, Any]:
            return _ask(opened.result()[0], request)

        pool.submit(reply, request["id"], ask)


def _open(where: Mapping[str, str]) -> tuple[ApiClient, str]:
    """Return a client that is logged in, and the namespace of its context.

    Raises:
        ProbeError: stage ``configuration``; there is no kubeconfig, no such context,
            or its credentials cannot be had.
    """
    from kubernetes import client, config
    from yaml import YAMLError  # type: ignore[import-untyped]

    settings = client.Configuration()
    settings.retries = False
    settings.connection_pool_maxsize = PARALLEL
    said = _Said()
    logging.getLogger().addHandler(said)
    path = where["kubeconfig"] or os.environ.get("KUBECONFIG", "")
    usual = Path("~/.kube/config").expanduser()
    try:
        if not path and not usual.exists():
            return _in_cluster(settings, usual)
        path = os.path.expanduser(path or str(usual))
        context = _context(path, where["context"])
        config.load_kube_config(  # type: ignore[no-untyped-call]
            path, context["name"], settings, persist_config=False
        )
    except (config.ConfigException, YAMLError, OSError) as error:
        problem = f"{path} cannot be used: {_short(error)}"
        raise ProbeError(problem, stage="configuration") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        problem = f"{path} is no kubeconfig"
        raise ProbeError(problem, stage="configuration") from error
    if said.lines:
        failed = ProbeError(
            f"{path} gives no credentials: {_short(said.lines[0])}",
            stage="configuration",
        )
        failed.add_note(
            "Run 'kubectl get --raw /version' with this kubeconfig: its credential "
            "plugin is missing, or wants you to log in."
        )
        raise failed
    namespace = (context.get("context") or {}).get("namespace") or "default"
    return client.ApiClient(settings), namespace


def _context(path: str, wanted: str) -> dict[str, Any]:
    """Return the context of that name, or the one in use."""
    from kubernetes import config

    contexts, active = config.list_kube_config_contexts(  # type: ignore[no-untyped-call]
        path
    )
    if not wanted:
        return dict(active)
    for context in contexts:
        if context["name"] == wanted:
            return dict(context)
    names = ", ".join(context["name"] for context in contexts)
    problem = f"{path} has no context {wanted}; it has {names or 'none'}"
    raise ProbeError(problem, stage="configuration")


def _in_cluster(settings: Any, usual: Path) -> tuple[ApiClient, str]:
    """Log in as the service account of the pod that this runs in."""
    from kubernetes import client, config

    if "KUBERNETES_SERVICE_HOST" not in os.environ:
        raise ProbeError(
            f"there is no kubeconfig: name it as kubeconfig under [kubernetes], in "
            f"KUBECONFIG, or put it at {usual}",
            stage="configuration",
        )
    config.load_incluster_config(settings)  # type: ignore[no-untyped-call]
    return client.ApiClient(settings), (_ACCOUNT / "namespace").read_text().strip()


def _ask(client: ApiClient, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return status and body of one request.

    Raises:
        ProbeError: stage ``name``, ``tcp``, ``tls``, ``timeout`` or ``http``; there
            was no response.
    """
    from kubernetes.client.exceptions import ApiException
    from urllib3 import exceptions

    server = client.configuration.host
    host = urlsplit(server).netloc
    query = urlencode(request["query"])
    url = server.rstrip("/") + request["path"] + (f"?{query}" if query else "")
    method = "POST" if request["review"] else "GET"
    headers = {"Accept": request["accept"], "User-Agent": "gonogo"}
    if request["review"]:
        headers["Content-Type"] = "application/json"
    client.update_params_for_auth(
        headers, [], ["BearerToken"], request["path"], method, None
    )
    seconds = request["timeout"]
    try:
        response = client.call_api(
            method, url, headers, request["review"], _request_timeout=seconds
        )
        body = response.response.data.decode("utf-8", "replace")
    except (ApiException, exceptions.SSLError) as error:
        problem = f"TLS with {host} failed: {_tls(error)}"
        raise ProbeError(problem, stage="tls") from error
    except exceptions.NameResolutionError as error:
        raise ProbeError(f"no address for {host}", stage="name") from error
    except exceptions.NewConnectionError as error:
        refused = isinstance(error.__cause__, ConnectionRefusedError)
        how = "refused the connection" if refused else "cannot be reached"
        raise ProbeError(f"{host} {how}", stage="tcp") from error
    except exceptions.TimeoutError as error:
        problem = f"no answer from {host} in {seconds:g} s"
        raise ProbeError(problem, stage="timeout") from error
    except (exceptions.HTTPError, OSError) as error:
        problem = f"{host} gave no HTTP answer"
        raise ProbeError(problem, stage="http") from error
    return {"status": response.status, "body": body}


def _tls(error: Exception) -> str:
    """Return what OpenSSL says, without the places in its source."""
    said = _short(getattr(error, "reason", None) or error)
    return said.rpartition("] ")[2].partition(" (_ssl")[0]


def _short(said: object) -> str:
    return " ".join(str(said).split())[:SHOWN]


if __name__ == "__main__":
    main()
