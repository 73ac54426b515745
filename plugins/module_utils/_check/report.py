# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a check: as data, and for people. Nothing in it names anything of the user's."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .._version import VERSION
from .facts import Facts, NotSeen, seen
from .questions import LEVELS, QUESTIONS, Question

# The version of contract/service-check.schema.json.
SCHEMA = 1
_REGION = re.compile(r"\b(eu-[a-z]{2}[0-9]?)\b")


def region_of(endpoint: str, given: str) -> str:
    """Return the region by the service's address, or as the task gives it; "" when neither says."""
    for place in (urlsplit(endpoint).hostname or "", given):
        found = _REGION.search(place)
        if found:
            return found.group(1)
    return ""


def report_of(facts: Facts, level: str, date: str, region: str, requests: int) -> dict:
    """Return the report as data.

    :param requests: how many requests the check has sent.
    """
    return {
        "schema": SCHEMA,
        "date": date,
        "region": region,
        "collection": VERSION,
        "level": level,
        "requests": requests,
        "answers": {question.name: _answer(question, facts, level) for question in QUESTIONS},
    }


def _answer(question: Question, facts: Facts, level: str) -> dict:
    """Return what was observed about one question, or why nothing was."""
    within = [way for way in question.ways if LEVELS.index(way.level) <= LEVELS.index(level)]
    if not within:
        return {"reason": f"it takes the level {question.ways[0].level}"}
    reasons = []
    for way in within:
        try:
            observed = seen(way.see, facts)
        except NotSeen as exc:
            reasons.append(str(exc))
            continue
        verdict, note = question.verdict(observed)
        return {
            "observed": observed,
            "level": way.level,
            "request": way.request,
            "fields": list(way.fields),
            "verdict": verdict,
            "note": note,
        }
    return {"reason": reasons[0]}


def summary_of(report: dict) -> str:
    """Return the sentence for the issue tracker."""
    answers = report["answers"].values()
    observed = [answer for answer in answers if "observed" in answer]
    limited = [answer for answer in observed if answer["verdict"] != "right"]
    where = f" in {report['region']}" if report["region"] else ""
    return (
        f"Check of the service{where} on {report['date']}, level {report['level']}, by otc.dli {report['collection']}: "
        f"{len(observed)} of {len(answers)} questions answered; with {len(observed) - len(limited)} of the answers the "
        f"collection is right, {len(limited)} need attention."
    )


def markdown_of(report: dict, problems: list[str]) -> str:
    """Return the report for people.

    :param problems: sentences about what the check has left.
    """
    asks = {question.name: question.asks for question in QUESTIONS}
    observed = {name: answer for name, answer in report["answers"].items() if "observed" in answer}
    others = {name: answer for name, answer in report["answers"].items() if "observed" not in answer}
    lines = [
        "# Check of Data Lake Insight by otc.dli",
        "",
        "Copy this sentence into the issue, and attach the JSON file:",
        "",
        f"> {summary_of(report)}",
        "",
        "## What was observed",
        "",
        "| question | switch | observed | the collection | shown by |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, answer in observed.items():
        fields = ", ".join(f"`{shown}`" for shown in answer["fields"])
        shown_by = f"`{answer['request']}`" + (f": {fields}" if fields else "")
        lines.append(f"| {asks[name]} | `{name}` | {shown(answer['observed'])} | {answer['note']} | {shown_by} |")
    lines += ["", "## What was not observed", "", "| question | switch | why |", "| --- | --- | --- |"]
    lines += [f"| {asks[name]} | `{name}` | {answer['reason']} |" for name, answer in others.items()]
    if problems:
        lines += ["", "## What is left", "", *(f"- {problem}" for problem in problems)]
    return "\n".join([*lines, ""])


def shown(answer) -> str:
    """Return an answer as a table has it."""
    if isinstance(answer, bool):
        return f"`{str(answer).lower()}`"
    return f"{answer:g}" if isinstance(answer, (int, float)) else f"`{answer}`"
