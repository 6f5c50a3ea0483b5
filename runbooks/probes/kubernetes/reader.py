"""Process that asks a Kubernetes API server, beside the one that shows a runbook.

The client library runs the credential plugins of a kubeconfig: programs that write
where they like, may ask at a terminal, and may hang. Here they find neither terminal
nor input, and end with this process.

Usage: ``python -P -m runbooks.probes.kubernetes.reader DIRECTORY``, as leader of a
session; the directory holds what the library writes, and goes with the process.
JSON lines come in and go out. The first names ``kubeconfig`` and ``context``; its
answer has the id 0 and says ``namespace``, ``server``, ``context``. Each further one
is a request with ``id``, ``timeout`` and either ``path``, ``query`` and ``accept`` or
``review``; its answer has the same id and either ``status`` and ``body``, or
``failed``, ``stage`` and ``note``. Answers come in any order. The process ends when its
input does.

Requests are GETs, but for one: a ``review`` is POSTed as SelfSubjectAccessReview, of
which the API server stores nothing. No request says another method, nor what is POSTed
elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.client import PARALLEL, asked, opened

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

Said = Mapping[str, Any]
Respond = Callable[["ApiClient", Said], Said]
Opened = Future[tuple["ApiClient", str, str]]


def main(respond: Respond = asked) -> None:
    """Answer every request until there are no more, then end this process.

    Args:
        respond: makes a request of a client that is logged in. Another one than
            `asked` is for the processes of actions.
    """
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    tempfile.tempdir = sys.argv[1]
    _serve(requests, answers, respond)
    # Whoever started this may have been killed before.
    shutil.rmtree(tempfile.tempdir, ignore_errors=True)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _serve(requests: IO[bytes], answers: IO[bytes], respond: Respond) -> None:
    """Answer every request until there are no more."""
    writing = threading.Lock()
    pool = ThreadPoolExecutor(PARALLEL)

    def reply(number: int, done: Future[Said]) -> None:
        error = done.exception()
        said = _failed(error) if error else done.result()
        with writing:
            answers.write(json.dumps({"id": number, **said}).encode() + b"\n")
            answers.flush()

    first = requests.readline()
    if not first:
        return
    login: Opened = pool.submit(opened, json.loads(first))
    pool.submit(_login, login).add_done_callback(partial(reply, 0))
    for line in requests:
        request = json.loads(line)
        done = pool.submit(_response, login, request, respond)
        done.add_done_callback(partial(reply, request["id"]))


def _failed(error: BaseException) -> Said:
    """Return why there is no response; whoever asked waits for a word."""
    if not isinstance(error, ProbeError):
        why = f"the reading process failed: {type(error).__name__}"
        return {"failed": why, "stage": "query"}
    note = "\n".join(getattr(error, "__notes__", ()))
    return {"failed": str(error), "stage": error.stage, "note": note}


def _login(login: Opened) -> Said:
    client, namespace, context = login.result()
    server = client.configuration.host
    return {"namespace": namespace, "server": server, "context": context}


def _response(login: Opened, request: Said, respond: Respond) -> Said:
    return respond(login.result()[0], request)


if __name__ == "__main__":
    main()
