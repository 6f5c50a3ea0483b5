"""Probe of the accounts of people whom a setting of the application names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Measurement, measured
from runbooks.probes.postgres.probe import PostgresProbe
from runbooks.probes.settings.probe import SettingsProbe
from runbooks.probes.sources import Sources
from runbooks.results import Reading
from runbooks.setting_aspects import addresses, masked
from runbooks.target import Target

_KNOWN = "select distinct lower(email) as email from users where lower(email) = any($1)"


class AccountsProbe(PostgresProbe, frozen=True, kw_only=True):
    """Measures which e-mail addresses in a setting belong to an account.

    Source: the application's environment, as for ``settings``, and its table
    ``users``, to which a row is added when somebody first logs in. Addresses are
    never told in full.

    Readings:
        listed: how many addresses the setting holds.
        known: how many of them have an account.
        never: those that have none; absent where all have one.

    Attributes:
        setting: the variable, a list with commas.
        service: whose environment is read.
        places: where that is, as parameters of ``settings``; by default what the
            profile says.

    Raises:
        ProbeError: the environment cannot be read, or the server cannot be asked.
    """

    setting: str
    service: str = "api"
    places: Mapping[str, Any] = {}
    timeout: Duration = Duration(20)

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("listed", "known", "never"), ""
    )
    naming: ClassVar[frozenset[str]] = frozenset({"never"})

    @classmethod
    def with_defaults(
        cls, parameters: Mapping[str, Any], target: Target
    ) -> dict[str, Any]:
        places = SettingsProbe.with_defaults(parameters.get("places", {}), target)
        return super().with_defaults({**parameters, "places": places}, target)

    async def measure(self, sources: Sources) -> Measurement:
        said = {**self.places, "service": (self.service,), "names": (self.setting,)}
        try:
            places = msgspec.convert(said, SettingsProbe).places
        except msgspec.ValidationError as error:
            raise ProbeError(f"places: {error}", stage="configuration") from error
        environments, _ = await places.environments(sources, (self.setting,))
        values = [each.setting(self.setting, None).value for each in environments]
        listed = {
            address.lower() for value in values for address in addresses(value or "")
        }
        rows = await self.rows(sources, _KNOWN, tuple(sorted(listed)))
        known = {row["email"] for row in rows}
        never = ", ".join(map(masked, sorted(listed - known)))
        return measured(
            f"{await self.asked_as(sources)}\n"
            f"{self.setting} of {self.service}: {len(listed)} addresses, of which "
            f"{len(known)} have logged in\nnever: {never or 'none'}",
            Reading("listed", len(listed)),
            Reading("known", len(known)),
            Reading("never", never or None),
        )
