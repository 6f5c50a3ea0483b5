"""The shell context: what one command leaves for the next."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbooks.commands import Ending
from runbooks.context import names, read_cwd
from tests.runbooks.running import begin, run, until

Sh = Callable[..., tuple[Ending, str]]


@pytest.fixture(params=["bash", "zsh"])
def shell(request: pytest.FixtureRequest) -> str:
    return _installed(request.param)


def _installed(shell: str) -> str:
    if shutil.which(shell) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{shell} is missing: CI must run its tests")
        pytest.skip(f"{shell} is not installed")
    return shell


@pytest.fixture
def sh(tmp_path: Path, shell: str) -> Sh:
    """Run a text in the context of those before it."""

    def sh(text: str, **plan: object) -> tuple[Ending, str]:
        options = {"shell": shell, "context": tmp_path / "run" / "context"}
        ending, said = run(tmp_path, text, **{**options, **plan})
        return ending, said.decode()

    return sh


@pytest.fixture
def context(tmp_path: Path, shell: str) -> Path:
    """Where the context is kept."""
    return tmp_path / "run" / ("context" if shell == "bash" else "context.zsh")


def test_everything_that_a_document_sets(sh: Sh, tmp_path: Path, context: Path) -> None:
    ending, _ = sh(
        "plain=1; export exported='a b'; list=(x 'y z'); typeset -A map; map[k]=v\n"
        "greet() { echo \"hi $1\"; }\nalias shout='echo LOUD'\ncd /usr"
    )
    assert ending.cwd == "/usr" and not ending.context_problem
    assert read_cwd(tmp_path / "run" / "context") == Path("/usr")
    set_here = {"plain", "exported", "list", "map", "greet", "shout"}
    assert set_here <= set(names(tmp_path / "run" / "context"))
    _, said = sh(
        'echo "$plain ${list[@]} ${map[k]}"; greet you; shout; sh -c "echo $exported"'
    )
    assert said == "1 x y z v\nhi you\nLOUD\na b\n"
    assert context.stat().st_mode & 0o777 == 0o600
    assert list(context.parent.iterdir()) == [context]


def test_what_is_not_kept(sh: Sh, context: Path) -> None:
    sh(
        "set -f; readonly fixed=1; export LD_DEBUGGER=x GONOGO_POD=p; PS4=zz; kept=1",
        env={"FROM_PLAN": "one"},
    )
    held = names(context.with_name("context"))
    assert "kept" in held and not {"fixed", "LD_DEBUGGER", "GONOGO_POD", "PS4"} & {
        *held
    }
    _, said = sh('echo * | wc -w; echo "[$fixed$GONOGO_POD]"; fixed=2')
    assert said.splitlines()[1] == "[]" and int(said.split()[0]) >= 1
    assert sh("echo $FROM_PLAN", env={"FROM_PLAN": "two"})[1] == "two\n"


def test_a_document_may_change_the_environment_and_unset(sh: Sh) -> None:
    env = {"NAMESPACE": "prod", "PROXY": "p"}
    sh("export NAMESPACE=staging; unset PROXY; PATH=$PATH:/opt/x", env=env)
    for _ in range(2):
        _, said = sh('echo "$NAMESPACE /$PROXY ${PATH##*:}"', env=env)
        assert said == "staging / /opt/x\n"


def test_a_directory_with_an_odd_name(sh: Sh, tmp_path: Path) -> None:
    odd = tmp_path / "a\n%0A 'b'"
    odd.mkdir()
    assert sh(f"cd {shlex.quote(str(odd))}")[0].cwd == str(odd)
    assert read_cwd(tmp_path / "run" / "context") == odd


def test_the_own_exit_trap_runs_and_the_context_is_kept(sh: Sh) -> None:
    ending, said = sh("trap 'echo bye $?' EXIT; kept=1; (exit 4)")
    assert (said, ending.code) == ("bye 4\n", 4)
    assert sh("echo $kept")[1] == "1\n"


def test_a_trap_in_a_subshell_is_its_own(sh: Sh) -> None:
    _, said = sh("(trap 'echo inner' EXIT; true); echo outer")
    assert said == "inner\nouter\n"


def test_exit_in_the_middle(sh: Sh) -> None:
    ending, _ = sh("early=1; exit 3; late=1")
    assert ending.code == 3 and not ending.context_problem
    assert sh('echo "$early/$late"')[1] == "1/\n"


@pytest.mark.parametrize("text", ["new=1; exec true", "new=1; kill -9 $$"])
def test_a_shell_that_vanishes_keeps_the_old(sh: Sh, text: str) -> None:
    sh("old=1")
    ending, _ = sh(text)
    assert "as before" in ending.context_problem
    assert sh('echo "$old/$new"')[1] == "1/\n"


def test_a_stopped_command_changes_nothing(sh: Sh, context: Path) -> None:
    sh("old=1")
    before = context.read_bytes()
    ending, _ = sh("old=2; trap 'exit 0' TERM; sleep 60 & wait", wall=0.2, grace=1.0)
    assert ending.ending == "wall limit" and "stopped" in ending.context_problem
    assert context.read_bytes() == before
    assert list(context.parent.iterdir()) == [context]


def test_reading_without_changing(sh: Sh) -> None:
    sh("a=1")
    ending, said = sh("echo $a; a=2", keep_context=False)
    assert (said, ending.context_problem) == ("1\n", "")
    assert sh("echo $a")[1] == "1\n"


def test_without_a_context(tmp_path: Path, shell: str) -> None:
    ending, said = run(tmp_path, "a=1; echo $a; cd /", shell=shell)
    assert said == b"1\n" and not ending.context_problem
    assert ending.cwd == str(tmp_path)


def test_nothing_is_known_of_no_context(tmp_path: Path) -> None:
    assert names(tmp_path / "none") == ()
    assert read_cwd(tmp_path / "none") is None


# What only bash is asked.


@pytest.mark.parametrize("shell", ["bash"], indirect=True)
@pytest.mark.parametrize(
    "options", ["set -e", "set -u", "set -eu -o pipefail", "set -o posix", "set -f"]
)
def test_options_of_the_command_do_not_matter(sh: Sh, options: str) -> None:
    ending, _ = sh(f"shopt -s nocasematch; {options}; IFS=,; kept=(1 '2 3'); false")
    assert ending.code == 1 and not ending.context_problem
    assert sh('echo "${kept[1]}${kept[0]}" "$-"')[1].startswith("2 31 ")


@pytest.mark.parametrize("shell", ["bash"], indirect=True)
def test_tracing_shows_the_command_only(sh: Sh) -> None:
    _, said = sh("set -x; echo 1")
    assert said == "+ echo 1\n1\n" or said == "++ echo 1\n1\n"


@pytest.mark.parametrize("shell", ["bash"], indirect=True)
def test_ways_of_writing_a_trap(sh: Sh) -> None:
    _, said = sh("trap 'echo never' EXIT; trap - EXIT; trap 'echo usr' USR1 0; trap 0")
    assert said == ""
    _, said = sh("trap -- 'echo both' exit USR1; kill -USR1 $$; trap -p USR1")
    assert said.splitlines() == ["both", "trap -- 'echo both' SIGUSR1", "both"]
    ending, said = sh("trap 'echo one; exit 9' EXIT; kept=yes")
    assert (said, ending.code) == ("one\n", 9)
    assert sh("echo $kept")[1] == "yes\n"


@pytest.mark.parametrize("shell", ["bash"], indirect=True)
def test_aliases_do_not_grow(sh: Sh, context: Path) -> None:
    sh("alias ls='ls -d'\nf() { ls /; }")
    for _ in range(3):
        assert sh("f")[1] == "/\n"
    assert context.read_text().count("-d") == 2


VALUES = st.dictionaries(
    st.from_regex(r"v_[a-zA-Z0-9_]{1,8}", fullmatch=True),
    st.text(
        st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"),
        max_size=30,
    ).map(str.encode)
    | st.binary(max_size=20).map(lambda data: data.replace(b"\0", b"")),
    min_size=1,
    max_size=20,
)


@pytest.mark.parametrize("name", ["bash", "zsh"])
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(values=VALUES)
def test_every_value_survives(
    tmp_path_factory: pytest.TempPathFactory, name: str, values: dict[str, bytes]
) -> None:
    shell = _installed(name)
    home = tmp_path_factory.mktemp("values")
    texts = {key: os.fsdecode(value) for key, value in values.items()}
    given = {f"given_{key}": value for key, value in texts.items()}
    options = {"shell": shell, "context": home / "context"}
    run(home, "; ".join(f"{k}=$given_{k}" for k in texts), env=given, **options)
    show = "; ".join(f"printf '%s\\0' \"${key}\"" for key in texts)
    for _ in range(2):
        _, said = run(home, show, **options)
        assert said.split(b"\0")[:-1] == list(values.values())


def test_one_command_never_sees_half_a_context(tmp_path: Path) -> None:
    """While one command ends, another may read."""
    context = tmp_path / "context"
    run(tmp_path, "a=$(head -c 100000 /dev/zero | tr '\\0' x)", context=context)
    both = [
        begin(tmp_path, "echo ${#a}; a=${a}y", context=context, id=f"p{i}")
        for i in range(4)
    ]
    for one in both:
        assert until(one.ending).code == 0
        assert int(one.output.read_bytes()) >= 100_000
