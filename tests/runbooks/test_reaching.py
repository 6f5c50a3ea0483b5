"""Which systems a command reaches, and which cluster kubectl itself would use."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.kubectl_way import differences
from runbooks.reaching import tables
from runbooks.target import Target


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        ("kubectl delete pod x", ["kubernetes"]),
        ("/usr/local/bin/kubectl apply -f x.yaml", ["kubernetes"]),
        ("helm rollback api 3 && docker compose restart api", ["kubernetes", "docker"]),
        ("sudo -u postgres psql -c 'drop table x'", ["postgres"]),
        ("pg_dump db | gzip > dump.gz", ["postgres"]),
        ("for p in a b; do kubectl delete pod $p; done", ["kubernetes"]),
        ("kubectl get pods -o name | xargs -n1 kubectl delete", ["kubernetes"]),
        ("bash -c 'docker rm -f api'", ["docker"]),
        ("PGPASSWORD=x timeout 60 psql -f fix.sql", ["postgres"]),
        ("echo $(docker ps -q)", ["docker"]),
        ("kubectl exec <pod-name> -- psql -c 'select 1'", ["kubernetes"]),
        ("ssh db1 psql -c 'select 1'", []),
        ("echo kubectl", []),
        ("rm kubectl", []),
        ("systemctl restart docker", []),
    ],
)
def test_the_programs_of_a_text_tell_which_systems_it_reaches(
    text: str, reached: list[str]
) -> None:
    assert list(tables(text)) == reached


CONFIG = """\
current-context: {current}
contexts:
- name: prod
  context: {{ cluster: eu, namespace: shop }}
- name: dev
  context: {{ cluster: laptop }}
- name: also-prod
  context: {{ cluster: eu, namespace: shop }}
clusters:
- name: eu
  cluster: {{ server: "https://eu:6443" }}
- name: laptop
  cluster: {{ server: "https://127.0.0.1:6443" }}
"""
PROD = "the profile's is context prod, namespace shop at https://eu:6443"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    path.write_text(CONFIG.format(current="prod"))
    return path


def told(
    text: str, config: Path, *changed: str, environment: Path | None = None
) -> list[str]:
    profile = {"kubeconfig": str(config), "context": "prod"}
    target = Target("prod", tables={"kubernetes": profile})
    env = {"KUBECONFIG": str(environment or config)}
    return list(differences(text, target, env, changed))


@pytest.mark.parametrize(
    "text",
    [
        "kubectl delete pod x",
        "kubectl --context prod delete pod x",
        "kubectl --context=also-prod delete pod x",
        "kubectl delete pod x -n shop",
        "kubectl delete pod x -nshop",
        "helm --kube-context prod rollback api 3",
        "kubectl exec x -- app --context dev -n y",
        "docker restart api",
        "kubectl --context dev --context prod delete pod x",
    ],
)
def test_the_profile_s_own_way_is_not_worth_a_word(text: str, config: Path) -> None:
    assert told(text, config) == []


@pytest.mark.parametrize(
    ("text", "way"),
    [
        (
            "kubectl --context dev delete pod x",
            "context dev, namespace default at https://127.0.0.1:6443",
        ),
        (
            "kubectl -n kube-system delete pod x",
            "context prod, namespace kube-system at https://eu:6443",
        ),
        (
            "helm rollback api 3 --kube-context=dev -nshop",
            "context dev, namespace shop at https://127.0.0.1:6443",
        ),
        (
            "kubectl --cluster laptop delete pod x",
            "context prod, namespace shop at https://127.0.0.1:6443",
        ),
        (
            "kubectl -s https://other delete pod x",
            "context prod, namespace shop at https://other",
        ),
    ],
)
def test_another_cluster_or_namespace_is_told(
    text: str, way: str, config: Path
) -> None:
    assert told(text, config) == [f"it goes to {way}; {PROD}"]


def test_the_current_context_of_the_environment_counts(
    config: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_text(CONFIG.format(current="dev"))
    (said,) = told("kubectl delete pod x", config, environment=other)
    assert said.startswith("it goes to context dev, namespace default")
    assert told("kubectl --kubeconfig config delete pod x", config) != []
    text = f"kubectl --kubeconfig {config} delete pod x"
    assert told(text, config, environment=other) == []


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ('kubectl --context "$WHERE" delete pod x', ()),
        ("kubectl delete pod x -n $SPACE", ()),
        ("kubectl $OPTIONS delete pod x", ()),
        ("KUBECONFIG=other kubectl delete pod x", ()),
        ("kubectl delete pod x", ("KUBECONFIG",)),
        ("bash -c 'kubectl delete pod x'", ()),
    ],
)
def test_what_only_the_shell_knows_is_said_to_be_so(
    text: str, changed: tuple[str, ...], config: Path
) -> None:
    (said,) = told(text, config, *changed)
    assert said.startswith("only the shell will know which cluster")


def test_a_kubeconfig_that_cannot_be_read_is_told(config: Path) -> None:
    config.write_text("{")
    (said,) = told("kubectl delete pod x", config)
    assert said.startswith("nobody can tell where it goes") and "no YAML" in said
