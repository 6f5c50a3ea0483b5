"""The project's own client: logs in as a kubeconfig says, asks the API server.

Used in a process of its own, see `runbooks.probes.kubernetes.reader`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from runbooks.errors import DocumentError, ProbeError
from runbooks.kubeconfig import Context, contexts

if TYPE_CHECKING:
    from kubernetes.client import ApiClient, Configuration
    from urllib3 import HTTPResponse

PARALLEL = 8
"""Requests under way at a time."""
SHOWN = 200
"""Characters of what a library or plugin says that are passed on."""
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
"""The only path that a probe ever POSTs to; nothing is stored there."""
READING = ("path", "query", "accept", "timeout")
"""What a request that only reads may say."""
JSON = "application/json"
LARGEST = 16 * 1024 * 1024
"""Bytes of an answer that are read; a page of a list is far below."""
PIECE = 64 * 1024
"""Bytes of a stream that are read at once, at most."""
_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class _Said(logging.Handler):
    """Keeps what the client library logs instead of raising it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def opened(where: Mapping[str, str]) -> tuple[ApiClient, str, str]:
    """Return a client that is logged in, the namespace of its context, and its name.

    A service account has no context.

    Args:
        where: ``kubeconfig`` and ``context``, each may be "".

    Raises:
        ProbeError: stage ``configuration``; there is no kubeconfig, no such context,
            or its credentials cannot be had.
    """
    from kubernetes import client, config
    from urllib3.exceptions import HTTPError

    settings = client.Configuration()
    settings.retries = False
    settings.connection_pool_maxsize = PARALLEL
    usual = Path("~/.kube/config").expanduser()
    path = where["kubeconfig"] or os.environ.get("KUBECONFIG", "")
    if not path and usual.exists():
        path = str(usual)
    try:
        if path:
            context = _as_kubeconfig(settings, path, where["context"])
            namespace, name = context.namespace, context.name
        else:
            namespace, name = _in_cluster(settings, usual), ""
        opened = client.ApiClient(settings)
        pool = opened.rest_client.pool_manager
        # The library reads what a POST answers as a whole, however long it is.
        request = partial(pool.request, preload_content=False)
        pool.request = request  # type: ignore[method-assign]
        return opened, namespace, name
    except (config.ConfigException, HTTPError, OSError) as error:
        problem = f"{path or 'the service account'} cannot be used: {_short(error)}"
        raise ProbeError(problem, stage="configuration") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        problem = f"{path} is no kubeconfig"
        raise ProbeError(problem, stage="configuration") from error


def _as_kubeconfig(settings: Configuration, path: str, wanted: str) -> Context:
    """Log in as a context of one or several kubeconfigs; return it."""
    from kubernetes import config

    files = [Path(each).expanduser() for each in path.split(os.pathsep) if each]
    context = _context([each for each in files if each.exists()] or files, wanted)
    said = _Said()
    logging.getLogger().addHandler(said)
    config.load_kube_config(  # type: ignore[no-untyped-call]
        os.pathsep.join(map(str, files)), context.name, settings, persist_config=False
    )
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
    return context


def _context(files: Sequence[Path], wanted: str) -> Context:
    """Return the context of that name, or the one in use."""
    try:
        known = [context for file in files for context in contexts(file)]
    except DocumentError as error:
        raise ProbeError(str(error), stage="configuration") from error
    for context in known:
        if context.name == wanted or (not wanted and context.current):
            return context
    lacks = f"has no context {wanted}" if wanted else "has no current context"
    names = ", ".join(context.name for context in known) or "none"
    problem = f"{files[0]} {lacks}; it has {names}"
    raise ProbeError(problem, stage="configuration")


def _in_cluster(settings: Configuration, usual: Path) -> str:
    """Log in as the service account of the pod that this runs in.

    Returns:
        Its namespace.
    """
    from kubernetes import config

    if "KUBERNETES_SERVICE_HOST" not in os.environ:
        raise ProbeError(
            f"there is no kubeconfig: name it as kubeconfig under [kubernetes], in "
            f"KUBECONFIG, or put it at {usual}",
            stage="configuration",
        )
    config.load_incluster_config(settings)  # type: ignore[no-untyped-call]
    return (_ACCOUNT / "namespace").read_text().strip()


def asked(client: ApiClient, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the response to a GET, or to a ``review``, which is POSTed.

    Whatever else the request says, it changes nothing.

    Raises:
        ProbeError: as `sent`.
    """
    reading = {
        "method": "GET",
        **{key: request[key] for key in READING if key in request},
    }
    if "review" in request:
        body = _review(request["review"])
        reading |= {"method": "POST", "path": REVIEWS, "query": {}, "body": body}
    return sent(client, reading)


def sent(client: ApiClient, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return status and body of one request, and when to come again (``retry_after``).

    Only processes of actions call this themselves.

    Args:
        request: ``method``, ``path``, ``query``, ``timeout`` in seconds, ``accept``,
            ``body`` with its ``content_type``, and ``first`` where the first line of
            a stream is enough.

    Raises:
        ProbeError: stage ``name``, ``tcp``, ``tls``, ``timeout`` or ``http``; there
            was no response.
    """
    from kubernetes.client.exceptions import ApiException
    from urllib3 import exceptions

    server = client.configuration.host
    host = urlsplit(server).netloc
    method, path, body = request["method"], request["path"], request.get("body")
    accept = request.get("accept", JSON)
    headers = {"Accept": accept, "User-Agent": "gonogo"}
    if body is not None:
        headers["Content-Type"] = request.get("content_type", JSON)
    query = urlencode(request["query"])
    url = server.rstrip("/") + path + (f"?{query}" if query else "")
    client.update_params_for_auth(headers, [], ["BearerToken"], path, method, None)
    # Files with tokens end with a newline, which the library keeps.
    headers = {name: value.strip() for name, value in headers.items()}
    seconds = request["timeout"]
    try:
        response = client.call_api(method, url, headers, body, _request_timeout=seconds)
        if request.get("first"):
            body = _first_line(response.response)
        else:
            body = _whole(response.response, monotonic() + seconds)
        said = body.decode("utf-8", "replace")
    except (ApiException, exceptions.SSLError) as error:
        problem = f"TLS with {host} failed: {_tls(error)}"
        raise ProbeError(problem, stage="tls") from error
    except exceptions.NameResolutionError as error:
        raise ProbeError(f"no address for {host}", stage="name") from error
    except exceptions.NewConnectionError as error:
        refused = isinstance(error.__cause__, ConnectionRefusedError)
        how = "refused the connection" if refused else "cannot be reached"
        raise ProbeError(f"{host} {how}", stage="tcp") from error
    except (exceptions.TimeoutError, TimeoutError) as error:
        problem = f"no answer from {host} in {seconds:g} s"
        raise ProbeError(problem, stage="timeout") from error
    except (exceptions.HTTPError, OSError) as error:
        problem = f"{host} gave no HTTP answer"
        raise ProbeError(problem, stage="http") from error
    retry_after = response.response.headers.get("Retry-After", "")
    return {"status": response.status, "body": said, "retry_after": retry_after}


def _whole(response: HTTPResponse, end: float) -> bytes:
    """Return a body that is not too large and comes as a whole before *end*.

    Raises:
        ProbeError: it is too large.
        TimeoutError: it comes a little at a time, and does not come to its end.
    """
    body = bytearray()
    while part := response.read1(PIECE):
        body += part
        if len(body) > LARGEST:
            response.close()
            raise ProbeError(f"an answer has more than {LARGEST} bytes", stage="query")
        if monotonic() > end:
            response.close()
            raise TimeoutError
    return bytes(body)


def _first_line(response: HTTPResponse) -> bytes:
    """Return the first line of a stream, and hang up: nobody waits for the others."""
    line = b""
    for part in response.stream(PIECE):
        line += part
        if b"\n" in line:
            break
    response.close()
    return line.partition(b"\n")[0]


def _review(attributes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": dict(attributes)},
    }


def _tls(error: Exception) -> str:
    """Return what OpenSSL says, without the places in its source."""
    said = _short(getattr(error, "reason", None) or error)
    return said.rpartition("] ")[2].partition(" (_ssl")[0]


def _short(said: object) -> str:
    """Return what a library or plugin says, as far as it may be told.

    The library names an entry of a kubeconfig by all that the entry holds.
    """
    return " ".join(str(said).partition("/{")[0].split())[:SHOWN]
