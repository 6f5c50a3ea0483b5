"""Probe of settings: what they are, what they look like, and where they come from."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from runbooks.probes.base import Duration, Measurement, Probe, measured
from runbooks.probes.settings import pods
from runbooks.probes.settings.merging import merged, seen_of, sets, told
from runbooks.probes.settings.places import Places
from runbooks.probes.sources import Sources
from runbooks.results import Reading
from runbooks.secrets import within
from runbooks.setting_aspects import UNITS, is_placeholder, is_secret
from runbooks.settings import Environment, unwired
from runbooks.target import Target

_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")


class SettingsProbe(Probe, frozen=True, kw_only=True):
    """Measures settings of the application, never telling one that is secret.

    Source: on Kubernetes the pod templates of the Deployments, or else CronJobs, with
    the ConfigMaps and Secrets that they name; on Docker ``Config.Env`` of the compose
    project's containers; else env files. What is set nowhere has the code's default.

    Readings, of each variable; where services differ they read ``api=…, worker=…``:
        NAME: its value, a number where it is one; how it looks where it is secret.
        NAME.set: whether it has a value that is not empty.
        NAME.on: yes or no, read as the application reads switches.
        NAME.number: the value as a number, for a second bound.
        NAME.length, NAME.class, NAME.entropy: characters; hex, url-safe, base64,
            letters, digits, URL, placeholder or mixed; estimated bits.
        NAME.placeholder: whether nobody has put in a value of their own.
        NAME.prefix: what the maker of a key begins it with, such as ``sk_live_``.
        NAME.last4: the end of an identifier that is no secret.
        NAME.first, NAME.count: of a list with commas.
        NAME.addresses, NAME.malformed, NAME.domains: e-mail addresses in a list;
            which entries are none; their domains.
        NAME.scheme, .host, .port, .path, .database, .user: of a URL.
        NAME.password: of a URL: set or placeholder; absent without one.
        NAME.percent: whether a URL holds a percent sign.
        NAME.local, NAME.encrypted, NAME.exposed: whether a URL leads to this
            machine; whether by TLS; whether elsewhere without TLS or password.
        NAME.source: literal, secretKeyRef, configMapKeyRef, secretRef, configMapRef,
            fieldRef, container, file, default or unset.
        NAME.mode: of the file that it came from, such as ``0600``.
        NAME.same: whether all services have the same value.
        NAME.fingerprint: tells values apart within one pass.
        missing: ConfigMaps, Secrets and keys that containers name and that are not
            there, so that these cannot start.
        unwired: variables that a ConfigMap or Secret declares and no service gets.
        complete: how many of the sets in `together` are set as a whole.
        incomplete: what lacks in those that are set in part.

    Attributes:
        service: those whose environment is read.
        names: variables to read.
        default: what the application's code takes where a variable is not set;
            its names are read too.
        together: sets of variables that only make sense as a whole; read too.
        platform: where services run; by default what the profile's facts say.
        env_file: file for services without one of their own.
        env_files: file by name of the service; ``api_env_file`` and so on in the
            profile's table [settings].
        kubernetes, docker: the profile's tables of these names.

    Raises:
        ProbeError: a service's environment cannot be read, or nobody said where.
    """

    service: tuple[str, ...] = ("api",)
    names: tuple[str, ...] = ()
    default: Mapping[str, str] = {}
    together: tuple[tuple[str, ...], ...] = ()
    platform: Literal["", "kubernetes", "compose", "processes"] = ""
    env_file: str = ""
    env_files: Mapping[str, str] = {}
    kubernetes: Mapping[str, str] = {}
    docker: Mapping[str, str] = {}
    timeout: Duration = Duration(20)

    server: ClassVar[str] = "such system"
    naming: ClassVar[frozenset[str]] = frozenset({"missing", "unwired", "incomplete"})
    readings: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("missing", "unwired", "complete", "incomplete"), ""),
        **{f"NAME.{aspect}": unit for aspect, unit in UNITS.items()},
    }

    @classmethod
    def with_defaults(
        cls, parameters: Mapping[str, Any], target: Target
    ) -> dict[str, Any]:
        tables = target.tables
        files = {
            key.removesuffix("_env_file"): f"${{settings.{key}}}"
            for key in tables.get("settings", {})
            if key.endswith("_env_file")
        }
        known: dict[str, Any] = {"env_files": files} if files else {}
        if "env_file" in tables.get("settings", {}):
            known["env_file"] = "${settings.env_file}"
        if "platform" in target.facts:
            known["platform"] = target.facts["platform"]
        for table, keys in (
            ("kubernetes", pods.WAY),
            ("docker", ("host", "project")),
        ):
            said = [key for key in keys if key in tables.get(table, {})]
            if said:
                known[table] = {key: f"${{{table}.{key}}}" for key in said}
        return {**known, **parameters}

    @classmethod
    def unit(cls, reading: str) -> str | None:
        if reading == "complete" or reading in cls.naming:
            return ""
        name, dot, aspect = reading.partition(".")
        if not _NAME.fullmatch(name):
            return None
        return UNITS.get(aspect) if dot else ""

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        if not any(parameters.get(key) for key in ("names", "default", "together")):
            return ['names is empty; write names = ["NAME"]']
        if not parameters.get("service", True):
            return ['service is empty; write service = ["api"]']
        return []

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names of the variables to read, each once."""
        sets = (name for names in self.together for name in names)
        return tuple(dict.fromkeys((*self.names, *self.default, *sets)))

    @property
    def places(self) -> Places:
        return Places(
            self.platform,
            {each: self.env_files.get(each, "") for each in self.service},
            self.env_file,
            self.kubernetes,
            self.docker,
        )

    @property
    def source(self) -> str:
        return self.places.source

    @property
    def thing(self) -> str:
        return f"settings of {' and '.join(self.service)}"

    async def measure(self, sources: Sources) -> Measurement:
        environments, declared = await self.places.environments(sources, self.wanted)
        for each in environments:
            _hide(sources, each)
        key = await sources.once("fingerprints of settings", _key)
        readings: list[Reading] = []
        lines = []
        for name in self.wanted:
            default = self.default.get(name)
            found = [each.setting(name, default) for each in environments]
            seen = seen_of(name, found, key)
            labels = [each.label for each in environments]
            readings += merged(name, labels, seen)
            lines += [
                f"{label}: {name} {told(values)}"
                for label, values in zip(labels, seen, strict=True)
            ]
        lost = dict.fromkeys(each for one in environments for each in one.missing)
        left = unwired(self.wanted, environments, *declared)
        lines += [f"not there: {each}" for each in lost]
        lines += [f"declared, not wired: {name}" for name in left]
        return measured(
            "\n".join(lines),
            *readings,
            Reading("missing", ", ".join(lost) or None),
            Reading("unwired", ", ".join(left) or None),
            *sets(self.together, environments),
        )


async def _key() -> bytes:
    return secrets.token_bytes(32)


def _hide(sources: Sources, environment: Environment) -> None:
    """Keep secrets out of what is said; a forgotten placeholder is none."""
    for name, setting in environment.settings.items():
        value = setting.value or ""
        if is_secret(name, value):
            sources.hide(*(each for each in within(value) if not is_placeholder(each)))
