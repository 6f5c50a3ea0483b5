"""Which values are known to be secret before anything runs."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from runbooks.errors import ProbeError, RefusedError
from runbooks.known import known
from runbooks.masking import Mask
from runbooks.secrets import Secret
from runbooks.target import Target

KUBECONFIG = """\
users:
- name: ana
  user: {{token: the-token-of-ana, client-key-data: {key}}}
- name: ben
  user: {{auth-provider: {{config: {{refresh-token: refreshing-ben}}}}}}
- broken
"""


def target(tmp_path: Path, **secrets: Secret) -> Target:
    path = tmp_path / "kubeconfig"
    key = b64encode(b"the key of ana").decode()
    path.write_text(KUBECONFIG.format(key=key))
    return Target(
        "t",
        vars={"DB_PASSWORD": "of a variable", "NAMESPACE": "shop"},
        tables={"kubernetes": {"kubeconfig": str(path)}},
        secrets={f"secrets.{name}": secret for name, secret in secrets.items()},
    )


def test_environment_profile_and_kubeconfig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPLOY_TOKEN", "of the environment")
    asked = Secret("command", f"touch {tmp_path}/asked; echo from a command")
    about = target(tmp_path, printed=asked, url=Secret("env", "DATABASE"))
    monkeypatch.setenv("DATABASE", "postgresql://app:p%40ssword@db/app")
    mild = set(known(about, commands=False))
    assert not (tmp_path / "asked").exists()
    assert mild >= {
        *("of the environment", "of a variable", "p@ssword", "p%40ssword"),
        *("the-token-of-ana", "the key of ana", "refreshing-ben"),
    }
    assert "shop" not in mild
    assert set(known(about)) - mild == {"from a command"}


def test_a_short_one_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIN", "12345")
    about = target(tmp_path, pin=Secret("env", "PIN"))
    with pytest.raises(RefusedError) as refused:
        known(about)
    for words in ("secrets.pin", "env 'PIN'", "fewer than 6", "6 characters or more"):
        assert words in str(refused.value)
    assert "12345" not in str(refused.value)
    with pytest.raises(ProbeError, match="cannot be hidden"):
        about.secrets["secrets.pin"].value()


def test_a_mask_goes_through_data() -> None:
    mask = Mask(lambda: ["open sesame"])
    said = mask.data({"a": ["say open sesame", 3, None], "b": {"c": "open%20sesame"}})
    assert said == {"a": ["say [redacted]", 3, None], "b": {"c": "[redacted]"}}
