"""What is told of a run that is opened again, and that nothing is left out of it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.changes import Identity
from runbooks.events import Kind
from runbooks.model import Row, Runbook
from runbooks.parsing import parse
from runbooks.results import Finding, Result
from runbooks.tables import CommandClass, Level, ProbeSpec
from runbooks.target import Target
from runbooks.target import parse as profile
from state import entries
from state.against import Baseline
from state.comparing import Compared, Sort
from state.deciding import decide
from state.drift import drift
from state.progress import Progress
from state.replaying import replay
from state.resume import Item, Resumption, in_short, resumption
from state.resume import Kind as Group
from state.run import Run
from state.standing import Answer, Standing
from state.verdict import effective
from tests.state.books import ANA, BEN, runbook, step

TEXT = """\
# Launch

## Before

- [ ] Tickets closed
- [ ] Backups restored
  ```toml step
  id = "restore"
  ```
- [ ] Queue drained
  ```toml step
  id = "queue"
  ```

## After

- [ ] Curtains drawn
  ```toml step
  id = "curtains"
  ```
"""
PLACE = Path("/r/launch.md")
BOOK = parse(TEXT.encode(), PLACE)
DAY = timedelta(days=1, hours=2, minutes=1)


def left(home: Path, book: Runbook = BOOK) -> Run:
    """A run in which everything was answered, left."""
    run = Run.create(home, book, "prod", ANA)
    for each in book.steps:
        if each.level is Level.ATTEST:
            decide(run, each, Answer.PASS, "seen")
    run.close()
    return run


def back(run: Run, text: str = TEXT, now: datetime | None = None) -> Resumption:
    book = run.runbook if text == TEXT else parse(text.encode(), PLACE)
    again = Run.open(run.directory, book, BEN)
    return resumption(Compared.of_run(again), now=now)


def told(found: Resumption, group: Group) -> list[tuple[str, str]]:
    return [(item.text, item.says) for item in found.groups.get(group, ())]


def test_an_edited_step_is_shown_with_its_diff_and_counts_no_more(home: Path) -> None:
    text = TEXT.replace("Backups restored", "Backups restored twice")
    found = back(left(home), text)
    (item,) = found.groups[Group.EDITED]
    assert (item.text, item.says) == (
        "Backups restored twice",
        "pass by ana counts no more",
    )
    assert item.more == ("- - [ ] Backups restored", "+ - [ ] Backups restored twice")
    assert item.row is not None and item.row.id == "restore"
    assert found.again == ("restore",) and found.stands == 3 and found.worth


def test_how_it_read_is_not_made_up_where_it_was_not_kept(home: Path) -> None:
    run = left(home)
    for path in (run.directory / "runbook").iterdir():
        path.unlink()
    (item,) = back(run, TEXT.replace("restored", "seen")).groups[Group.EDITED]
    assert item.more == ("how it read before was not kept",)


def test_each_step_that_moved_came_or_went_is_named(home: Path) -> None:
    lines = TEXT.split("- [ ] Queue drained")
    queue = "- [ ] Queue drained" + lines[1].split("\n## After")[0]
    text = TEXT.replace(queue, "").replace("- [ ] Tickets closed\n", "")
    text += queue + "- [ ] Doors locked\n"
    found = back(left(home), text)
    assert told(found, Group.MOVED) == [
        ("Queue drained", "now in After; pass, said ana")
    ]
    assert told(found, Group.NEW) == [("Doors locked", "open")]
    ((removed, says),) = told(found, Group.REMOVED)
    assert removed == "Tickets closed" and says.startswith("pass by ana, ")
    assert len(found.groups[Group.UNCHANGED]) == 2 and not found.again


def test_it_is_told_until_a_person_has_seen_it(home: Path) -> None:
    run = left(home)
    edited = parse(TEXT.replace("restored", "seen").encode(), PLACE)
    Run.open(run.directory, edited, BEN).close()  # nobody looked
    again = Run.open(run.directory, edited, BEN)
    found = resumption(Compared.of_run(again))
    (item,) = found.groups[Group.EDITED]
    assert "+ - [ ] Backups seen" in item.more
    again.know_changes()
    again.close()
    later = resumption(Compared.of_run(Run.open(run.directory, edited, BEN)))
    assert Group.EDITED not in later.groups
    assert told(later, Group.STALE) == [
        ("Backups seen", "pass by ana was said of another text")
    ]


def test_what_a_probe_found_of_another_text_counts_no_more(home: Path) -> None:
    probe = ProbeSpec("http")
    before = runbook(step("p", level=Level.AUTO, probe=probe), step("q"))
    after = runbook(step("p", "Other", level=Level.AUTO, probe=probe), step("q"))
    run = Run.create(home, before, "", ANA)
    found = entries.probe_finished(Finding(Result.PASS, "200"))
    run.record(Kind.PROBE_FINISHED, "p", found)
    run.close()
    again = Run.open(run.directory, after, BEN)
    shown = resumption(Compared.of_run(again))
    assert told(shown, Group.EDITED) == [("Other", "what was found counts no more")]
    assert shown.again == shown.by_machine == ("p",)
    again.record(Kind.PROBE_FINISHED, "p", found)
    now = datetime.now(UTC)
    assert effective(after.steps[0], again.progress["p"], now) is Standing.PASS
    assert replay(run.directory) == again.state


# ------------------------------------------------------------------ how long


def test_minutes_later_with_nothing_changed_one_line_says_so(home: Path) -> None:
    run = left(home)
    found = back(run)
    assert not found.worth and found.stands == 4 and not found.again
    again = Run.open(run.directory, BOOK, BEN)
    assert in_short(Compared.of_run(again)) == ""


def test_a_day_later_what_is_too_old_is_told_with_its_age(home: Path) -> None:
    aged = step("a", fresh="12h")
    book = runbook(aged, step("b"))
    run = left(home, book)
    again = Run.open(run.directory, book, BEN)
    found = resumption(Compared.of_run(again), now=datetime.now(UTC) + DAY)
    assert found.worth and found.again == ("a",) and found.by_machine == ()
    assert told(found, Group.STALE) == [("Step a", "pass by ana, 26 h ago, is too old")]
    assert found.away > timedelta(hours=25) and found.stands == 1


def test_a_waiver_that_ends_is_told(home: Path) -> None:
    run = Run.create(home, BOOK, "", ANA)
    today = datetime.now(UTC).date()
    for id, days in (("restore", 0), ("queue", 30)):
        until = (today + timedelta(days=days)).isoformat()
        decide(run, BOOK.step_by_id[id], Answer.WAIVE, "known", until)
    run.close()
    says = f"ends {today}, waived by ana: known"
    assert told(back(run), Group.WAIVERS) == [("Backups restored", says)]
    later = back(run, now=datetime.now(UTC) + DAY)
    says = f"ended {today}, waived by ana: known"
    assert told(later, Group.WAIVERS) == [("Backups restored", says)] and later.worth


def test_what_got_worse_says_what_it_was(home: Path) -> None:
    book = runbook(step("p", level=Level.AUTO, probe=ProbeSpec("http")))
    run = Run.create(home, book, "", ANA)
    run.close()
    again = Run.open(run.directory, book, BEN)
    for result, reason in ((Result.PASS, "200"), (Result.FAIL, "503")):
        data = entries.probe_finished(Finding(result, reason))
        again.record(Kind.PROBE_FINISHED, "p", data)
    found = resumption(Compared.of_run(again))
    ((text, says),) = told(found, Group.WORSE)
    assert text == "Step p" and says.startswith("503, was 200, ") and found.worth


def test_a_note_of_who_left_is_told_once(home: Path) -> None:
    run = Run.create(home, BOOK, "", ANA)
    run.hand_over("HPA is pinned until six")
    run.close()
    again = Run.open(run.directory, BOOK, BEN)
    found = resumption(Compared.of_run(again))
    assert next(iter(found.groups)) is Group.HANDED_OVER and found.worth
    again.know_changes()
    again.close()
    assert Group.HANDED_OVER not in back(run).groups


def test_edits_by_hand_are_told_with_what_does_not_count(home: Path) -> None:
    run = Run.create(home, BOOK, "", ANA)
    run.close()
    path = run.directory / "progress.toml"
    texts = path.read_text().split('[step."queue"]')
    edited = texts[1].replace('"pending"', '"pass"', 1)
    texts[0] = texts[0].replace('state = "pending"', 'decision = "maybe"')
    path.write_text('[step."queue"]'.join([texts[0], edited]))
    shown = back(run).groups[Group.BY_HAND]
    said = {item.text: item for item in shown}
    assert said["Queue drained"].says == "state pending → pass"
    assert "“maybe” is no decision" in said["Tickets closed"].more[0]


# ---------------------------------------------------- profile and systems


def target(text: str) -> Target:
    return profile(text.encode(), Path("/t/prod.toml"))


PROFILE = '[api]\nurl = "http://one"\ntoken = { env = "TOKEN" }\n'


def looked(run: Run, *steps: str) -> None:
    for id in steps:
        data = entries.probe_finished(Finding(Result.PASS, "200"))
        run.record(Kind.PROBE_FINISHED, id, data)


PROBED = runbook(
    *(step(name, level=Level.AUTO, probe=ProbeSpec("http")) for name in "ab"), step("c")
)


def standings(run: Run) -> list[str]:
    now = datetime.now(UTC)
    return [effective(s, run.progress.get(s.id), now).value for s in PROBED.steps]


@pytest.mark.parametrize(
    ("now", "changes", "stands"),
    [
        (PROFILE + "# a comment\n", [], ["pass", "pass", "pass"]),
        (
            PROFILE.replace("one", "two"),
            [("api.url", "http://one → http://two")],
            ["stale", "stale", "pass"],
        ),
        (
            PROFILE.replace('env = "TOKEN"', 'file = "/t"'),
            [("api.token", "secret from env TOKEN → secret from file /t")],
            ["stale", "stale", "pass"],
        ),
        (
            PROFILE + '[thresholds.a]\nstatus = "== 204"\n',
            [("thresholds.a.status", "nothing → == 204")],
            ["stale", "pass", "pass"],
        ),
    ],
)
def test_a_profile_is_compared_key_by_key(
    home: Path, now: str, changes: list[tuple[str, str]], stands: list[str]
) -> None:
    run = Run.create(home, PROBED, "prod", ANA)
    run.read_profile(target(PROFILE))
    looked(run, "a", "b")
    decide(run, PROBED.steps[2], Answer.PASS)
    run.close()
    again = Run.open(run.directory, PROBED, BEN)
    again.read_profile(target(now))
    found = resumption(Compared.of_run(again))
    assert told(found, Group.PROFILE) == changes
    assert standings(again) == stands and found.worth == bool(changes)
    assert replay(run.directory) == again.state


def system(id: str) -> Identity:
    return Identity("kubernetes", id, f"cluster {id}")


def test_another_cluster_than_the_run_began_with_is_told(home: Path) -> None:
    run = Run.create(home, PROBED, "prod", ANA)
    run.see_system(system("one"))
    looked(run, "a")
    run.close()
    again = Run.open(run.directory, PROBED, BEN)
    again.see_system(system("two"))
    found = resumption(Compared.of_run(again))
    assert told(found, Group.SYSTEMS) == [
        ("kubernetes: cluster two", "the run began with cluster one")
    ]
    assert standings(again)[0] == "stale" and found.worth
    assert told(found, Group.STALE)[0][1] == (
        "another kubernetes answers since it was looked at"
    )
    looked(again, "a")
    again.know_changes()
    again.close()
    later = Run.open(run.directory, PROBED, BEN)
    assert Group.SYSTEMS in resumption(Compared.of_run(later)).groups
    later.see_system(system("one"))
    assert standings(later)[0] == "stale"
    assert Group.SYSTEMS not in resumption(Compared.of_run(later)).groups


def test_the_same_system_is_written_down_once(home: Path) -> None:
    run = Run.create(home, PROBED, "prod", ANA)
    for _ in range(3):
        run.see_system(system("one"))
    journal = (run.directory / "journal.jsonl").read_text()
    assert journal.count('"identity_seen"') == 1


# ------------------------------------------------------------ nothing is lost

NAMES = st.sampled_from("abcdefgh")
DOCUMENTS = st.lists(
    st.tuples(NAMES, st.sampled_from(["one", "two", "three"]), st.sampled_from("st")),
    max_size=8,
    unique_by=lambda each: each[0],
)


Lines = list[tuple[str, str, str]]
EDITS = DOCUMENTS.flatmap(
    lambda before: st.tuples(
        st.just(before), st.one_of(DOCUMENTS, st.permutations(before))
    )
)


@settings(max_examples=200, deadline=None)
@given(EDITS)
def test_every_step_is_accounted_for_exactly_once(edit: tuple[Lines, Lines]) -> None:
    before, after = edit
    old = runbook(*(step(id, text, place) for id, text, place in before))
    new = runbook(*(step(id, text, place) for id, text, place in after))
    digests = {each.id: each.digest for each in old.steps}
    places = {each.id: each.section for each in old.steps}
    changed = drift(digests, new, places)
    compared = Compared(Path(), new, Progress(), Baseline(), changed, "", "")
    sorts = compared.sorts(datetime.now(UTC))
    was = compared.was
    gone = [id for id, sort in sorts.items() if sort is Sort.REMOVED]
    present = [each.id for each in new.steps]
    # Each old step is at exactly one place now, or is told to be gone.
    assert Counter([*was.values(), *gone]) == Counter(list(digests))
    told_new = [id for id, sort in sorts.items() if sort is Sort.NEW]
    assert Counter([*was, *told_new]) == Counter(present)
    for id, old_id in was.items():
        same = digests[old_id] == new.step_by_id[id].digest
        assert (sorts[id] is Sort.EDITED) == (not same)
        if sorts[id] is Sort.UNCHANGED:
            assert id == old_id and places[id] == new.step_by_id[id].section
    stay = [id for id in digests if sorts.get(id) is Sort.UNCHANGED]
    assert stay == [id for id in present if id in stay]  # in the same order


def test_a_run_that_nobody_opens_is_told_the_same(home: Path) -> None:
    run = left(home)
    edited = parse(TEXT.replace("restored", "seen").encode(), PLACE)
    state = replay(run.directory)
    read_only = resumption(Compared.of_files(run.directory, edited, state))
    opened = resumption(Compared.of_run(Run.open(run.directory, edited, BEN)))
    assert read_only.groups == opened.groups and read_only.sorts == opened.sorts


@pytest.mark.parametrize("kind", ["step", "part"])
def test_a_running_command_is_told_to_be_interrupted_where_its_process_is_gone(
    home: Path, kind: str
) -> None:
    task = b"- [ ] Again\n\n" if kind == "part" else b""
    book = parse(b"# A\n\n%b```bash {class=mutate}\nrestart\n```\n" % task, PLACE)
    run = Run.create(home, book, "", ANA)
    run.take_lever()
    part = book.blocks[0].parts[0]
    run.request("c1", part.id, part.text, CommandClass.MUTATE, "/")
    found = resumption(Compared.of_run(Run.open(run.directory, book, BEN)))
    (item,) = found.groups[Group.AT_WORK]
    assert isinstance(item, Item) and item.row == Row(kind, part.id)
    assert item.row in book.rows
    assert item.says.startswith("was interrupted, outcome unknown, ana, ")
    assert found.worth


def test_a_command_that_the_document_does_not_have_any_more_leads_nowhere(
    home: Path,
) -> None:
    book = parse(b"# A\n\n```bash {class=mutate}\nrestart\n```\n", PLACE)
    run = Run.create(home, book, "", ANA)
    run.take_lever()
    part = book.blocks[0].parts[0]
    run.request("c1", part.id, part.text, CommandClass.MUTATE, "/")
    (item,) = back(run, "# A\n\n- [ ] Other\n").groups[Group.AT_WORK]
    assert item.text == "restart" and item.row is None
