"""Makes a runbook's sections, steps, blocks, parts and rows from what was found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from runbooks import fences
from runbooks.attachments import Attached
from runbooks.found import Fence, Found, Heading, Task
from runbooks.identity import Names, slug, step_digest
from runbooks.inline import plain
from runbooks.model import Block, Part, Row, Section, Step
from runbooks.shell import RawPart, split, whole_refused
from runbooks.sidecar import Declaration
from runbooks.tables import ActionSpec, StepOptions

_NO_OPTIONS = StepOptions()


class Assembly:
    """Sections, steps, blocks and rows in document order.

    Args:
        attached: what the document and its sidecar declare of each thing.
    """

    def __init__(self, path: Path, found: Found, attached: Attached) -> None:
        self.sections: list[Section] = []
        self.steps: list[Step] = []
        self.blocks: list[Block] = []
        self.rows: list[Row] = []
        self.title = ""
        self._path = path
        self._references = found.references
        self._attached = attached
        self._names = Names(attached.names)
        self._section_names = Names()
        self._block_names = Names(attached.names)
        self._above: list[tuple[int, str, str]] = []
        self._prefix = ""
        self._at: dict[int, int] = {}
        for heading, items in _groups(found):
            self._section(heading, items)
        self.title = self.title or self._first_title() or path.name

    def _first_title(self) -> str:
        return next((section.title for section in self.sections if section.level), "")

    def _plain(self, content: str) -> str:
        return plain(content, self._references)

    def _section(self, heading: Heading | None, items: list[Task | Fence]) -> None:
        if heading is None:
            section = Section("start", self._path.name, 0, 1, (self._path.name,))
        else:
            section = self._heading(heading)
        self.sections.append(section)
        self.rows.append(Row("section", section.id))
        counted = any(isinstance(item, Task) for item in items)
        owned: dict[str, list[str]] = {}
        first = len(self.steps)
        self._at.clear()
        blocks = any(isinstance(item, Fence) for item in items)
        for item in items:
            if isinstance(item, Task):
                if blocks:
                    self._at[item.line] = len(self.steps)
                self._task(item, section)
            else:
                self._block(item, section, owned, counted)
        for at in range(first, len(self.steps)) if owned else ():
            step = self.steps[at]
            if texts := owned.get(step.id):
                digest = step_digest(step.text, step.options, texts, step.actions)
                self.steps[at] = replace(step, digest=digest)

    def _heading(self, heading: Heading) -> Section:
        title = self._plain(heading.content)
        is_title = heading.level == 1 and not self.title
        if is_title:
            self.title = title
        while self._above and self._above[-1][0] >= heading.level:
            self._above.pop()
        # The document's own title is in no id: giving it another keeps all ids.
        name = "" if is_title else slug(title) or "section"
        self._above.append((heading.level, title, name))
        path = tuple(title for _, title, _ in self._above)
        self._prefix = "/".join(name for _, _, name in self._above if name)
        base = self._prefix or slug(title) or "section"
        unique = self._section_names.unique(base)
        return Section(unique, title, heading.level, heading.line, path)

    def _task(self, task: Task, section: Section) -> None:
        text = self._plain(task.content)
        own = self._attached.steps.get(task.line)
        name, declared = self._name(text, own, self._under(slug(text) or "step"))
        options, actions = _declared(declared)
        self.rows.append(Row("step", name))
        self.steps.append(
            Step(
                id=name,
                text=text,
                section=section.id,
                line=task.line,
                checked=task.checked,
                depth=task.depth,
                digest=step_digest(text, options, (), actions),
                options=options,
                details=task.prose,
                actions=actions,
            )
        )

    def _name(
        self, text: str, own: Declaration | None, base: str, given: str = ""
    ) -> tuple[str, Declaration | None]:
        """Return the id of a step, and all that is declared of it.

        Args:
            own: what the document declares.
            given: a name that the document gives otherwise, or "".
        """
        if own and own.id:
            name = own.id
        else:
            name = self._names.claim(given) if given else self._names.unique(base)
        declared = self._attached.sidecar.added_to(own, name, text)
        if declared and declared.id:
            name = self._names.claim(declared.id)
            if name != declared.id:
                self._attached.complain_same_id(declared)
        return name, declared

    def _under(self, name: str, above: str = "") -> str:
        above = above or self._prefix
        return f"{above}/{name}" if above else name

    def _block(
        self,
        fence: Fence,
        section: Section,
        owned: dict[str, list[str]],
        counted: bool,
    ) -> None:
        owner = self._owner(fence)
        above = owner.id if owner else ""
        options = self._attached.blocks[fence.line]
        language = fences.language(fence.info)
        raws = split(fence.content, language)
        if options.name:
            block = self._block_names.claim(options.name)
        else:
            block = self._block_names.unique(self._under("block", above))
        parts: list[Part] = []
        for raw in raws:
            given = options.name or "" if len(raws) == 1 else ""
            base = slug(raw.title or _first_line(raw.text)) or "part"
            base = self._under(base, options.name or above)
            if counted:
                take = self._names.claim if given else self._names.unique
                name = take(given or base)
                self.rows.append(Row("part", name))
            else:
                name = self._part_step(raw, fence, section, base, given, len(raws))
            line = fence.line + 1 + raw.line
            parts.append(Part(name, block, raw.title, raw.text, line))
            if owner:
                owned.setdefault(owner.id, []).append(raw.text)
        self.blocks.append(
            Block(
                id=block,
                language=language,
                shell=fences.SHELLS[language.lower()],
                line=fence.line,
                section=section.id,
                step=owner.id if owner else None,
                options=options,
                parts=tuple(parts),
                whole_refused=whole_refused(
                    [replace(raw, line=fence.line + raw.line) for raw in raws]
                ),
            )
        )

    def _part_step(
        self,
        raw: RawPart,
        fence: Fence,
        section: Section,
        base: str,
        given: str,
        parts: int,
    ) -> str:
        """Add the step that a part of a section without tasks is; return its id."""
        before = fence.before.paragraph
        paragraph = self._plain(before).removesuffix(":") if parts == 1 else ""
        text = " ".join(raw.title.split()) or paragraph or given
        if not text or raw.alternative:
            text = f"{text} {_first_line(raw.text)}".strip()
        own = self._attached.command(fence, parts)
        name, declared = self._name(text, own, base, given)
        options, actions = _declared(declared)
        self.rows.append(Row("step", name))
        self.steps.append(
            Step(
                id=name,
                text=text,
                section=section.id,
                line=fence.line + 1 + raw.line,
                checked=False,
                depth=0,
                digest=step_digest(text, options, [raw.text], actions),
                options=options,
                part=name,
                details="" if text == paragraph else before,
                actions=actions,
            )
        )
        return name

    def _owner(self, fence: Fence) -> Step | None:
        """Return the step that a block belongs to, None for the section."""
        if fence.task:
            return self.steps[self._at[fence.task.line]]
        listed = [self.steps[self._at[task.line]] for task in fence.before.tasks]
        if not listed or fence.before.only:
            return listed[0] if listed else None
        if not fence.before.paragraph:
            return None
        said = _folded(self._plain(fence.before.paragraph))
        named = [step for step in listed if _folded(step.text) in said]
        return named[0] if len(named) == 1 else None


def _declared(
    declared: Declaration | None,
) -> tuple[StepOptions, tuple[ActionSpec, ...]]:
    if declared is None:
        return _NO_OPTIONS, ()
    return StepOptions(**declared.values), tuple(declared.actions)


def _groups(found: Found) -> Iterator[tuple[Heading | None, list[Task | Fence]]]:
    """Yield each heading with the tasks and shell blocks under it."""
    heading: Heading | None = None
    items: list[Task | Fence] = []
    for item in found.items:
        if isinstance(item, Heading):
            if heading or items:
                yield heading, items
            heading, items = item, []
        elif isinstance(item, Task) or fences.kind(item.info) == "shell":
            items.append(item)
    if heading or items:
        yield heading, items


def _first_line(text: str) -> str:
    return " ".join(text.strip().partition("\n")[0].split())


def _folded(text: str) -> str:
    """Return *text* as its words alone, apart by spaces, to look it up in prose."""
    words = re.findall(r"\w+", text.casefold())
    return f" {' '.join(words)} "
