"""What a statement of a document does, as far as its text tells before it is sent.

A transaction that is READ ONLY does not stop functions with effects of their own, nor
locks that wait for the end of the transaction. So the words of a statement are read as
the server reads them: neither a comment, nor quotes, nor a text in it hides one.
https://www.postgresql.org/docs/16/sql-syntax-lexical.html
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""(?isx)
    (?P<space>\s+|--[^\n]*)
    |(?P<comment>/\*)
    |(?P<unicode>u&["'])
    |(?P<text>(?:(?P<escapes>e)|n|b|x)?'
        (?(escapes)(?:[^'\\]|''|\\.)*|(?:[^']|'')*)')
    |(?P<dollar>\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)
    |"(?P<quoted>(?:[^"]|"")*)"
    |(?P<word>[^\W\d][\w$]*)
    |(?P<number>\$?\d[\w.]*)
    |(?P<other>.)
    """
)
_BEGINS = ("select", "with", "values", "show")
_WRITES = ("insert", "update", "delete", "merge")
_LOCKS = re.compile(r"for (?:no key )?update|for (?:key )?share")
# https://www.postgresql.org/docs/16/functions-admin.html, and what runs SQL or code.
_EFFECTS = re.compile(
    r"pg_(?:terminate|cancel)_backend|pg_reload_conf|pg_rotate_logfile\w*"
    r"|pg_switch_(?:wal|xlog)|pg_create_restore_point|pg_promote"
    r"|pg_(?:wal|xlog)_replay_\w+|pg_(?:start_|stop_)?backup\w*|pg_(?:try_)?advisory_\w+"
    r"|pg_notify|pg_log_(?:backend|standby)\w*|pg_(?:create|drop|copy|alter|sync)_\w+"
    r"|pg_replication_\w+|pg_logical_\w+|pg_stat_\w*reset\w*|pg_(?:import|export)_\w+"
    r"|pg_read_\w+|pg_file_\w+|pg_prewarm|autoprewarm\w*|pg_truncate_\w+"
    r"|pg_(?:restore|clear|set)_\w+|dblink\w*|postgres_fdw_\w+|lo_\w+|lowrite"
    r"|set_config|setval|nextval|setseed|query_to_xml\w*|cursor_to_xml\w*"
    r"|ts_stat|ts_rewrite|xpath_table|crosstab\w*|connectby|brin_\w+|gin_clean_\w+"
)


def objection(statement: str) -> str | None:
    """Return why a statement is not sent; None where nothing is against it."""
    try:
        tokens = _tokens(statement)
    except ValueError as error:
        return f"statement {error}"
    while tokens and tokens[-1] == ";":
        tokens.pop()
    if ";" in tokens:
        return "statement is more than one"
    if next((each for each in tokens if each != "("), "") not in _BEGINS:
        return "statement is no SELECT, WITH, VALUES or SHOW"
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        function = token.strip('"')
        if following == "(" and _EFFECTS.fullmatch(function):
            return f"statement calls {function}, which does more than read"
        if (token in ("(", ")") and following in _WRITES) or token == "into":
            return "statement writes"
    if locks := _LOCKS.search(" ".join(tokens)):
        return f"statement locks rows, {locks[0].upper()}"
    return None


def _tokens(statement: str) -> list[str]:
    """Return words in small letters, quoted names in quotes, and signs, without texts.

    Raises:
        ValueError: it says what the server might read in another way.
    """
    found, at = [], 0
    while at < len(statement):
        token = _TOKEN.match(statement, at)
        assert token
        at = token.end()
        match token.lastgroup:
            case "comment":
                at = _end_of_comment(statement, at)
            case "unicode":
                raise ValueError('has a name or text in U&"…"; write its letters')
            case "quoted":
                found.append(f'"{token["quoted"]}"')
            case "word" | "other":
                found.append(token[0].lower())
            case "text" | "dollar" | "number":
                found.append("''")
    return found


def _end_of_comment(statement: str, at: int) -> int:
    """Return where a comment ends; they nest."""
    depth = 1
    while depth:
        edge = re.compile(r"/\*|\*/").search(statement, at)
        if edge is None:
            raise ValueError("has a comment without an end")
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return at
