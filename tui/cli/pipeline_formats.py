"""A verdict as continuous integration and monitoring read it: JUnit, Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from tui.cli.verdict_text import Report
from tui.display import display_text

_OUTCOME = {"pass": "", "warn": "", "fail": "failure", "unknown": "error"}
"""Element that tells of a step; all others were not looked at, so `skipped`."""


def junit(report: Report) -> Iterator[str]:
    """Yield the lines of a JUnit file: a suite for the runbook, a case for a step."""
    suite = Xml.Element("testsuite", name=display_text(report.runbook.title))
    counts: Counter[str] = Counter()
    for step in report.steps:
        section = report.runbook.section_by_id.get(step.section)
        path = " / ".join(section.path) if section else step.section
        seen = report.looks.get(step.id)
        case = Xml.SubElement(
            suite,
            "testcase",
            classname=display_text(path),
            name=display_text(step.text),
            time=f"{seen.finding.seconds if seen else 0:.3f}",
        )
        word = report.standing(step)
        outcome = _OUTCOME.get(word, "skipped")
        counts[outcome] += 1
        said = display_text(f"{word}: {report.reason(step)}".rstrip(": "))
        evidence = seen.finding.evidence if seen else ""
        shown = "\n".join(display_text(line) for line in evidence.split("\n"))
        if outcome:
            Xml.SubElement(case, outcome, message=said).text = shown
        else:
            Xml.SubElement(case, "system-out").text = f"{said}\n{shown}".rstrip()
    suite.set("tests", str(len(report.steps)))
    for outcome, name in ("failure", "failures"), ("error", "errors"):
        suite.set(name, str(counts[outcome]))
    suite.set("skipped", str(counts["skipped"]))
    Xml.indent(suite)
    yield '<?xml version="1.0" encoding="us-ascii"?>'
    yield from Xml.tostring(suite, "us-ascii").decode().split("\n")


def prometheus(report: Report) -> Iterator[str]:
    """Yield the lines of a file for node_exporter's textfile collector."""
    runbook = report.runbook.title
    yield "# HELP gonogo_step_result 1 for the result that a step of the runbook has."
    yield "# TYPE gonogo_step_result gauge"
    for step in report.steps:
        labels = _labels(
            runbook=runbook,
            step=step.id,
            severity=step.severity,
            gate=step.gate,
            result=report.standing(step),
        )
        yield f"gonogo_step_result{labels} 1"
    yield "# HELP gonogo_verdict 1 for the verdict that the runbook has."
    yield "# TYPE gonogo_verdict gauge"
    yield f"gonogo_verdict{_labels(runbook=runbook, verdict=report.verdict.word)} 1"


def _labels(**labels: str) -> str:
    said = []
    for name, value in labels.items():
        safe = display_text(value).replace("\\", "\\\\").replace('"', '\\"')
        said.append(f'{name}="{safe}"')
    return "{" + ",".join(said) + "}"
