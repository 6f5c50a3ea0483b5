"""`gonogo probes`: what probes there are, and trying one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from tui.cli.parameters import read_parameters
from tui.cli.printing import Painted, say

if TYPE_CHECKING:
    from runbooks.results import Finding, Reading
    from runbooks.tables import ProbeSpec
    from runbooks.target import Target

COLOURS = {"pass": "green", "warn": "yellow", "fail": "red", "unknown": "magenta"}


@click.command()
@click.argument("name", required=False)
@click.argument("parameters", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--target", metavar="NAME", help="The profile that ${…} refers to.")
@click.option("--about", is_flag=True, help="Say what the probe reads, and look not.")
def command(
    name: str | None, parameters: tuple[str, ...], target: str | None, about: bool
) -> int:
    """List the probes; or try one, such as

    \b
    gonogo probes http url=https://example.com/health expect.status=200
    """
    if name is None:
        return _list()
    if about:
        return _about(name)
    spec = _spec(name, parameters)
    if not spec.expect:
        return asyncio.run(_measure(spec, target))
    finding = asyncio.run(_try(spec, target))
    word = finding.result.value
    result = Painted(word, COLOURS.get(word, ""))
    say(result, f"  {finding.reason}  {finding.seconds:.2f} s")
    for judged in finding.judged:
        say(f"  {_words(judged.reading)}  expected {judged.expected}")
    for line in finding.evidence.splitlines():
        say(f"  | {line}")
    return {"pass": 0, "warn": 3, "fail": 1, "n/a": 0}.get(word, 4)


def _words(reading: Reading) -> str:
    from runbooks.quantities import shown

    return f"{reading.name} {shown(reading)}"


def _list() -> int:
    from runbooks.probes import names, probe_class

    for name in names():
        first = (probe_class(name).__doc__ or "").strip().splitlines()[0]
        say(f"{name:24} {first}")
    return 0


def _about(name: str) -> int:
    """Print what a probe reads and which parameters it takes."""
    from inspect import getdoc

    import msgspec

    from runbooks.probes import probe_class

    try:
        cls = probe_class(name)
    except LookupError as error:
        raise click.UsageError(f"{error}.") from error
    for line in (getdoc(cls) or "").splitlines():
        say(line)
    say("")
    if cls.intrusive:
        say(f"Looking {cls.intrusive}, so the profile must allow it for the step.")
    if cls.table:
        say(f"Parameters; what a step leaves out comes from [{cls.table}]:")
    else:
        say("Parameters:")
    for field in msgspec.structs.fields(cls):
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        left_out = "required" if field.required else f"{default!r} if left out"
        say(f"  {field.encode_name:16} {left_out}")
    return 0


def _spec(name: str, parameters: tuple[str, ...]) -> ProbeSpec:
    """Read ``key=value`` and ``expect.reading=bound``, values as in TOML or plain."""
    from runbooks.probes import check
    from runbooks.tables import ProbeSpec

    given: dict[str, Any] = {}
    expect: dict[str, Any] = {}
    for key, value in read_parameters(parameters).items():
        reading = key.removeprefix("expect.")
        (given if reading == key else expect)[reading] = value
    spec = ProbeSpec(name, expect, given)
    if wrong := [said for said in check(spec) if expect or "is expected" not in said]:
        raise click.UsageError(f"{'; '.join(wrong)}.")
    return spec


async def _measure(spec: ProbeSpec, target: str | None) -> int:
    """Print what the probe reads; nothing is expected of it."""
    from runbooks.errors import ProbeError
    from runbooks.probes import build, probe_class
    from runbooks.probes.sources import Sources
    from runbooks.references import fill

    profile = _target(target)
    cls = probe_class(spec.use)
    try:
        parameters = fill(cls.with_defaults(spec.parameters, profile), profile)
        async with Sources() as sources:
            measurement = await build(cls, parameters).look(sources)
    except (ProbeError, ValueError) as error:
        say(Painted("unknown", COLOURS["unknown"]), f"  {error}")
        return 4
    for reading in measurement.readings.values():
        lacking = measurement.lacking.get(reading.name)
        say(_words(reading) + (f" ({lacking})" if lacking else ""))
    for line in measurement.evidence.splitlines():
        say(f"| {line}")
    return 0


async def _try(spec: ProbeSpec, target: str | None) -> Finding:
    from runbooks.model import Step
    from runbooks.runner import Runner
    from runbooks.tables import StepOptions

    step = Step("tried", spec.use, "", 1, False, 0, "", StepOptions(probe=spec))
    return await Runner(_target(target)).probe(step)


def _target(name: str | None) -> Target:
    from pathlib import Path

    from runbooks.parsing import parse
    from runbooks.target import load
    from state.trust import TrustStore

    nothing = parse(b"", Path("tried.md"))
    return load(name, nothing, TrustStore().covers_profile)
