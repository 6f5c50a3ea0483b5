"""Which receivers an alert reaches, by Alertmanager's configuration.

Source: https://prometheus.io/docs/alerting/latest/configuration/#route.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runbooks.probes.alertmanager.matchers import Matcher, all_hold, read

_DEEPEST = 50
_SUFFIX = "_configs"
_SECRET = re.compile(r"(?:password|secret|token|key|credentials|url)$")


@dataclass(frozen=True, slots=True)
class Route:
    """One node of the tree of routes.

    Attributes:
        receiver: its own, or that of the nearest route above.
        proceeds: whether the routes beside it are tried, too.
        intervals: names of the times in which it keeps quiet, or alone speaks.
        default: whether it is the root, which takes what nobody else does.
    """

    receiver: str
    matchers: tuple[Matcher, ...]
    proceeds: bool
    intervals: tuple[str, ...]
    routes: tuple[Route, ...]
    default: bool

    def taking(self, labels: Mapping[str, str]) -> Iterator[Route]:
        """Yield the routes that an alert with these labels ends in.

        Raises:
            ValueError: a matcher cannot be read.
        """
        if not all_hold(self.matchers, labels):
            return
        taken = False
        for route in self.routes:
            found = list(route.taking(labels))
            yield from found
            if found:
                taken = True
                if not route.proceeds:
                    return
        if not taken:
            yield self


@dataclass(frozen=True, slots=True)
class Configuration:
    """What of a configuration may be told.

    Attributes:
        receivers: by name, the kinds of their integrations, such as ``webhook``.
        secrets: texts that must not be told.
    """

    root: Route
    receivers: Mapping[str, tuple[str, ...]]
    secrets: tuple[str, ...]


def configuration(text: str) -> Configuration:
    """Return what Alertmanager's YAML says.

    Raises:
        ValueError: it is none; the message holds nothing of it.
    """
    import yaml

    try:
        # Alertmanager writes none; nested ones grow without end when walked through.
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise ValueError("the configuration has aliases")
        said: Any = yaml.safe_load(text)
        receivers = {
            str(each["name"]): tuple(_kinds(each)) for each in said["receivers"]
        }
        root = _route(said["route"], "", 0)
        return Configuration(root, receivers, tuple(_secrets(said["receivers"])))
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError("the configuration is no YAML") from error
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("the configuration has no routes or receivers") from error


def _kinds(receiver: Mapping[str, Any]) -> list[str]:
    named = [key for key in receiver if key.endswith(_SUFFIX) and receiver[key]]
    return sorted(key.removesuffix(_SUFFIX) for key in named)


def _secrets(value: Any, key: str = "") -> Iterator[str]:
    """Yield what integrations log in with; the address of a webhook is one, too."""
    match value:
        case dict():
            for name, each in value.items():
                yield from _secrets(each, str(name))
        case list():
            for each in value:
                yield from _secrets(each, key)
        case str() if _SECRET.search(key) and value != "<secret>":
            yield value


def _route(said: Mapping[str, Any], receiver: str, depth: int) -> Route:
    if depth > _DEEPEST:
        raise ValueError(f"routes are nested more than {_DEEPEST} times")
    receiver = str(said.get("receiver") or receiver)
    below = said.get("routes") or ()
    keys = ("mute_time_intervals", "active_time_intervals")
    return Route(
        receiver=receiver,
        matchers=tuple(_matchers(said)),
        proceeds=bool(said.get("continue")),
        intervals=tuple(str(each) for key in keys for each in said.get(key) or ()),
        routes=tuple(_route(each, receiver, depth + 1) for each in below),
        default=depth == 0,
    )


def _matchers(said: Mapping[str, Any]) -> Iterable[Matcher]:
    for label, value in (said.get("match") or {}).items():
        yield Matcher(str(label), "=", str(value))
    for label, value in (said.get("match_re") or {}).items():
        yield Matcher(str(label), "=~", str(value))
    for text in said.get("matchers") or ():
        yield from read(str(text))
