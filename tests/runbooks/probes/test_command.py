"""CommandProbe with real processes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement
from runbooks.probes.command import KEPT, CommandProbe
from runbooks.probes.sources import Sources


async def look(command: str, env: dict[str, str] | None = None) -> Measurement:
    return await CommandProbe(command=command, class_="observe", env=env or {}).look(
        Sources()
    )


def value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    assert reading is not None, name
    return reading.value


async def test_exit_code_output_and_first_number() -> None:
    seen = await look("echo free 17.5 GB; echo of 40 >&2; exit 3")
    assert value(seen, "exit") == 3
    assert value(seen, "output") == "free 17.5 GB\nof 40\n"
    assert value(seen, "number") == 17.5
    assert "exit 3" in seen.evidence


async def test_stdin_is_closed() -> None:
    assert value(await look("cat; echo end"), "output") == "end\n"


async def test_values_travel_in_the_environment() -> None:
    seen = await look('echo "$HOST"', env={"HOST": "a; echo injected"})
    assert value(seen, "output") == "a; echo injected\n"


async def test_death_by_signal_is_an_exit_code() -> None:
    assert value(await look("kill -9 $$"), "exit") == 137


async def test_output_is_cut_and_the_command_not_blocked() -> None:
    seen = await look("head -c 1000000 /dev/zero | tr '\\0' x")
    assert value(seen, "exit") == 0
    assert len(str(value(seen, "output"))) == KEPT


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


async def gone(pid: int) -> None:
    async with asyncio.timeout(60):
        while alive(pid):
            await asyncio.sleep(0.01)


async def test_budget_ends_it_with_all_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    probe = CommandProbe(
        command=f"sleep 60 & echo $! $$ > {pids}; wait",
        class_="observe",
        timeout=Duration(0.5),
    )
    with pytest.raises(ProbeError, match=r"no answer in 0\.5 s"):
        await probe.look(Sources())
    for pid in pids.read_text().split():
        await gone(int(pid))


async def test_background_child_does_not_hold_it_up() -> None:
    seen = await look("sleep 60 & echo $!")
    await gone(int(str(value(seen, "output"))))


async def test_what_changes_things_is_refused(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("still here")
    with pytest.raises(ProbeError, match="a probe only looks") as caught:
        await CommandProbe(command=f"rm -rf {kept}").look(Sources())
    assert caught.value.stage == "configuration"
    assert kept.exists()


async def test_missing_program_cannot_be_judged() -> None:
    with pytest.raises(ProbeError, match="no-such-program"):
        await look("no-such-program --version")


def test_inferred_class_is_not_declared() -> None:
    assert not CommandProbe(command="ls").declared
    assert CommandProbe(command="ls", class_="observe").declared
