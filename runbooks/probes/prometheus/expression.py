"""What a PromQL expression looks at: the one file that knows the parser.

Source: https://prometheus.io/docs/prometheus/latest/querying/basics/ and the package
promql-parser, which reads the PromQL of Prometheus 2.45 and later.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promql_parser import Expr

ABSENCE = frozenset({"absent", "absent_over_time"})
"""Functions that answer something where there is nothing."""
NAME = "__name__"
"""The label that holds a metric's name."""
_COMPARES = {"<", "<=", ">", ">=", "==", "!="}
_NESTS = re.compile(r"[^\w\s.:,\"]|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
"""What an expression needs at least one of for each level of nesting."""
_MOST_SIGNS = 1000
_DEEPEST = 100
_OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
}


@dataclass(frozen=True, slots=True)
class Selector:
    """One selector of series, as it is now: offset and range left out.

    Attributes:
        metric: its name; "" where a pattern stands for several.
        matchers: label, operator (``=``, ``!=``, ``=~``, ``!~``) and value of each.
    """

    metric: str
    matchers: tuple[tuple[str, str, str], ...] = ()

    def __str__(self) -> str:
        # What JSON escapes in a text, PromQL escapes alike.
        pairs = ",".join(f"{k}{op}{json.dumps(v)}" for k, op, v in self.matchers)
        return f"{self.metric}{{{pairs}}}" if pairs else self.metric

    @property
    def labels(self) -> dict[str, str]:
        """The labels that every selected series has for certain."""
        return {key: value for key, op, value in self.matchers if op == "="}


class Expression:
    """A parsed expression; read one with `parsed`."""

    def __init__(self, root: Expr) -> None:
        self._root = root

    @property
    def selectors(self) -> list[Selector]:
        """All series that it reads, each once."""
        found = (
            _selector(node) for node in _walk(self._root) if _kind(node) == _VECTOR
        )
        return list(dict.fromkeys(found))

    @property
    def functions(self) -> set[str]:
        """Names of the functions and aggregations that it calls."""
        calls = {n.func.name for n in _walk(self._root) if _kind(n) == "Call"}
        return calls | {
            str(n.op) for n in _walk(self._root) if _kind(n) == "AggregateExpr"
        }

    @property
    def compares(self) -> bool:
        """Whether it is empty where all is well, so that an alert on it can end."""
        return bool(self.functions & ABSENCE) or any(
            _kind(n) == "BinaryExpr"
            and (
                (str(n.op) in _COMPARES and not _answers_always(n))
                or str(n.op) == "unless"
            )
            for n in _walk(self._root)
        )

    @property
    def thresholds(self) -> list[float]:
        """Constants that something is compared with, in its own base unit.

        ``(x - time()) / 86400 < 30`` compares x with 2592000.
        """
        found = (
            _threshold(node)
            for node in _walk(self._root)
            if _kind(node) == "BinaryExpr" and str(node.op) in _COMPARES
        )
        return [value for value in found if value is not None]

    def lacks(self, live: Mapping[Selector, bool]) -> list[Selector]:
        """Return the series whose absence keeps the expression empty for ever."""
        return _lacking(self._root, live)


async def parsed(text: str) -> Expression | None:
    """Return the expression that *text* writes, None if it cannot be read."""
    # The parser calls itself for each level, and ends the process where the stack does.
    if len(_NESTS.findall(text)) > _MOST_SIGNS:
        return None
    await asyncio.to_thread(import_module, "promql_parser")
    import promql_parser

    try:
        root = promql_parser.parse(text)
    except ValueError:
        return None
    return Expression(root) if _is_shallow(root) else None


_VECTOR = "VectorSelector"


def _kind(node: Any) -> str:
    return type(node).__name__


def _children(node: Any) -> list[Any]:
    match _kind(node):
        case "BinaryExpr":
            return [node.lhs, node.rhs]
        case "AggregateExpr":
            return [node.expr] + ([node.param] if node.param is not None else [])
        case "MatrixSelector":
            return [node.vector_selector]
        case "Call":
            return list(node.args)
        case "ParenExpr" | "UnaryExpr" | "SubqueryExpr":
            return [node.expr]
    return []


def _is_shallow(root: Any) -> bool:
    level = [root]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in _children(node)]
    return not level


def _walk(node: Any) -> Iterator[Any]:
    yield node
    for child in _children(node):
        yield from _walk(child)


def _selector(node: Any) -> Selector:
    signs = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
    matchers = tuple(
        (m.name, signs[str(m.op).rpartition(".")[2]], m.value)
        for m in node.matchers.matchers
    )
    named = next((m for m in matchers if m[:2] == (NAME, "=")), None)
    if named is None:
        return Selector(node.name or "", matchers)
    return Selector(named[2], tuple(each for each in matchers if each != named))


def _answers_always(node: Any) -> bool:
    return bool(node.modifier and node.modifier.return_bool)


def _lacking(node: Any, live: Mapping[Selector, bool]) -> list[Selector]:
    kind = _kind(node)
    if kind == _VECTOR:
        selector = _selector(node)
        return [] if live.get(selector, True) else [selector]
    if kind == "Call" and node.func.name in ABSENCE:
        return []
    if kind == "BinaryExpr" and str(node.op) == "or":
        left, right = _lacking(node.lhs, live), _lacking(node.rhs, live)
        return left + right if left and right else []
    if kind == "BinaryExpr" and str(node.op) == "unless":
        return _lacking(node.lhs, live)
    found = (each for child in _children(node) for each in _lacking(child, live))
    return list(dict.fromkeys(found))


def _constant(node: Any) -> float | None:
    match _kind(node):
        case "NumberLiteral":
            return float(node.val)
        case "ParenExpr":
            return _constant(node.expr)
        case "UnaryExpr":
            value = _constant(node.expr)
            return None if value is None else -value
        case "BinaryExpr" if str(node.op) in _OPERATORS:
            left, right = _constant(node.lhs), _constant(node.rhs)
            if left is None or right is None or (right == 0 and str(node.op) == "/"):
                return None
            return _OPERATORS[str(node.op)](left, right)
    return None


def _threshold(node: Any) -> float | None:
    """Return what the other side of a comparison with a constant is compared with."""
    value, other = _constant(node.rhs), node.lhs
    if value is None:
        value, other = _constant(node.lhs), node.rhs
    if value is None:
        return None
    while True:
        if _kind(other) == "ParenExpr":
            other = other.expr
            continue
        factor = _constant(other.rhs) if _kind(other) == "BinaryExpr" else None
        if not factor or str(other.op) not in "*/":
            return value
        value = value * factor if str(other.op) == "/" else value / factor
        other = other.lhs
