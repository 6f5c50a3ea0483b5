"""What it means when an API server answers something else than what was asked."""

from __future__ import annotations

from runbooks.errors import ProbeError
from runbooks.probes.kubernetes.connection import Connection
from runbooks.probes.kubernetes.process import Answer


def refusal(
    connection: Connection, answer: Answer, thing: str, asked: str, rule: str = ""
) -> ProbeError:
    """Return what an answer says that does not hold what was asked for.

    Args:
        thing: what was asked, such as a path.
        asked: the same in words that follow "no permission to".
        rule: what a role lacks, where permission is missing.
    """
    stage = "query"
    match answer.status:
        case 200 | 201:
            said = f"{thing} answered something else than was asked for"
        case 401:
            said = "the API server knows no such login (401): log in again"
            stage = "login"
        case 403:
            said, stage = f"no permission to {asked}", "login"
        case 429:
            said = f"the API server has too much to do for {thing} (429)"
        case _:
            said = f"{thing} answered {answer.status}"
    error = ProbeError(said, source=connection.source, stage=stage)
    if answer.status == 403 and rule:
        error.add_note(rule)
    return error
