"""Which cluster and namespace kubectl and helm would use, against those of the profile.

Both go by ``--context`` and ``--namespace``, else by the current context of
``$KUBECONFIG`` or ``~/.kube/config``, and know nothing of a profile.

Source: https://kubernetes.io/docs/reference/kubectl/generated/kubectl_options/
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from runbooks import kubeconfig
from runbooks.errors import DocumentError
from runbooks.kubeconfig import Context
from runbooks.reaching import programs
from runbooks.target import Target
from runbooks.words import Simple

_TAKES = {
    "--context": "context",
    "--kube-context": "context",
    "-n": "namespace",
    "--namespace": "namespace",
    "--kubeconfig": "kubeconfig",
    "--cluster": "cluster",
    "-s": "server",
    "--server": "server",
    "--kube-apiserver": "server",
}
"""Option to what it says."""
UNKNOWN = "only the shell will know"


@dataclass(frozen=True, slots=True)
class Way:
    """A cluster and a namespace.

    Attributes:
        context: as the kubeconfig calls it.
        server: address of the cluster, "" where the kubeconfig says none.
    """

    context: str
    server: str
    namespace: str

    def __str__(self) -> str:
        where = f" at {self.server}" if self.server else ""
        return f"context {self.context}, namespace {self.namespace}{where}"


def differences(
    text: str, target: Target, env: Mapping[str, str], changed: Collection[str]
) -> tuple[str, ...]:
    """Return in which way commands of *text* go elsewhere than the profile, each once.

    Args:
        env: of the commands.
        changed: variables that the run's shell context holds: their values are not
            those of *env*.
    """
    profile = target.tables.get("kubernetes", {})
    commands = [s for name, s in programs(text) if name in ("kubectl", "oc", "helm")]
    if not commands:
        return ()
    try:
        said = {name: str(profile.get(name, "")) for name in _ASKED}
        wanted = _way(said, env.get("KUBECONFIG", ""))
        found = (_difference(each, wanted, env, changed) for each in commands)
        return tuple(dict.fromkeys(filter(None, found)))
    except DocumentError as error:
        return (f"nobody can tell where it goes: {error}",)


_ASKED = ("kubeconfig", "context", "namespace")


def _difference(
    simple: Simple, wanted: Way, env: Mapping[str, str], changed: Collection[str]
) -> str:
    options = dict(_options(simple))
    if "KUBECONFIG" in (*changed, *simple.assigned) and "kubeconfig" not in options:
        options["kubeconfig"] = UNKNOWN
    if UNKNOWN in options.values() or not simple.words:
        return f"{UNKNOWN} which cluster it goes to; the profile's is {wanted}"
    way = _way(options, env.get("KUBECONFIG", ""))
    if (way.server or way.context, way.namespace) == (
        wanted.server or wanted.context,
        wanted.namespace,
    ):
        return ""
    return f"it goes to {way}; the profile's is {wanted}"


def _options(simple: Simple) -> Iterator[tuple[str, str]]:
    """Yield what the options say, the last of one kind last."""
    awaited = ""
    for word in simple.arguments:
        if word.value == "--":
            return
        if awaited:
            yield awaited, UNKNOWN if word.value is None else word.value
            awaited = ""
            continue
        name, equals, value = (word.value or word.start).partition("=")
        if name in _TAKES and not equals:
            awaited = _TAKES[name]
        elif name in _TAKES:
            yield _TAKES[name], UNKNOWN if word.value is None else value
        elif word.start.startswith("-n") and not word.start.startswith("--"):
            yield "namespace", UNKNOWN if word.value is None else word.value[2:]
        elif word.splits:
            yield "options", UNKNOWN


def _way(said: Mapping[str, str], environment: str) -> Way:
    """Return where a kubeconfig and options lead.

    Raises:
        DocumentError: a kubeconfig cannot be read.
    """
    known = kubeconfig.merged(kubeconfig.files(said.get("kubeconfig") or environment))
    name = said.get("context") or known.current
    here = known.contexts.get(name) or Context(name or "of the pod that it runs in")
    if cluster := said.get("cluster"):
        here = replace(here, server=known.servers.get(cluster, f"cluster {cluster}"))
    return Way(
        here.name,
        said.get("server") or here.server,
        said.get("namespace") or here.namespace,
    )
