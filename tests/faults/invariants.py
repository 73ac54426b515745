# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be true whatever goes wrong: each broken rule is a violation."""

from __future__ import annotations

import functools
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from faults.scenarios import SECRET_ARGS, SECRET_WORDS, Scenario
from faults.stage import CALM, RETRY_TIMEOUT, WAIT_TIMEOUT, Observation, Plan, Stage

LONGEST_MESSAGE = 1100
# The buffers of the system are in it too.
LARGEST_RESPONSE_BYTES = 64 * 1024 * 1024
# A task has three steps and undoes two at most, each with its waiting, its reading and its repeating.
LONGEST_PAUSES = 8 * (WAIT_TIMEOUT + RETRY_TIMEOUT)


# What the actions of a task are called where it is another word than that of the effect.
_EFFECTS = {"run": "start", "savepoint": "save"}


@dataclass(frozen=True)
class Violation:
    """A rule that was broken.

    :param rule: its name, one of RULES.
    :param what: what was seen instead.
    """

    rule: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.what}"


RULES = {
    "one of a name": "there is never more than one job or template of the name",
    "once": "nothing is created, exported or imported more often than without the fault",
    "starts": "a job is started no more often than without the fault, or once more where an upgrade is undone",
    "state": "a job that has state is neither started nor stopped without a savepoint, unless the task wants that",
    "secrets": "no secret is in the output",
    "message": "a task succeeds, or fails with one readable message",
    "time": "a task waits for no answer without a time-out, and does not pause too long",
    "success": "a task that succeeds has done what it does without the fault",
    "changed": "a task says that it has changed something when it has, and only then or when nobody can know",
    "actions": "a task that succeeds returns what it has done, and nothing else",
    "foreign": "nothing is sent to a foreign host",
    "converges": "the same task without faults comes to its end, and then changes nothing",
    "survives": "a task gets over one temporary fault",
    "size": "a response that is larger than any can be is given up",
}


def check_cell(stage: Stage, scenario: Scenario, clean: Observation, plan: Plan) -> list[Violation]:
    """Run a scenario while some of its requests go wrong, then again without, and return all that was not as it has to.

    :param clean: the scenario without faults.
    """
    stage.set(scenario)
    seen = stage.run(scenario, plan)
    found = [*run_violations(stage, scenario, seen), *comparison_violations(clean, seen)]
    if plan.is_temporary and seen.failed and not clean.failed and not (scenario.once and is_unsure(seen)):
        found.append(Violation("survives", _message(seen)))
    return found + list(convergence_violations(stage, scenario, clean, seen, plan))


def interruption_violations(
    stage: Stage, scenario: Scenario, clean: Observation, point: int
) -> Iterator[Violation] | None:
    """Kill a scenario's task after a request, run it again, and return all that was not as it has to be.

    :returns: None when the task has come to its end before.
    """
    stage.set(scenario)
    seen = stage.run_and_kill(scenario, point)
    if seen is None:
        return None
    return itertools.chain(
        _name_violations(scenario, seen),
        _state_violations(scenario, seen),
        convergence_violations(stage, scenario, clean, seen, CALM),
    )


def run_violations(stage: Stage, scenario: Scenario, seen: Observation) -> Iterator[Violation]:
    """Yield what was not as it has to be of one run, whatever it was and met."""
    yield from _name_violations(scenario, seen)
    if seen.starts > 1 + seen.rolled_back:
        yield Violation("starts", f"there were {seen.starts}")
    yield from _state_violations(scenario, seen)
    yield from output_violations(stage, seen)
    if seen.endless or seen.slept > LONGEST_PAUSES:
        yield Violation(
            "time", f"it waited {seen.endless} times without a time-out, and paused {seen.slept:.0f} seconds"
        )
    if seen.taken > LARGEST_RESPONSE_BYTES:
        yield Violation("size", f"it took an answer of {seen.taken} bytes")
    if seen.changed != bool(seen.effects) and not (seen.changed and (seen.failed or is_unsure(seen))):
        yield Violation("changed", f"it says {seen.changed}, and the service has done {_words(seen)}")
    returned = {_EFFECTS.get(name, name) for name in _operations(seen)}
    if not seen.failed and not is_unsure(seen) and returned != {effect.operation for effect in seen.effects}:
        yield Violation("actions", f"it returns {sorted(returned)}, and the service has done {_words(seen)}")
    if seen.foreign:
        yield Violation("foreign", f"{seen.foreign} requests arrived")


def comparison_violations(clean: Observation, seen: Observation) -> Iterator[Violation]:
    """Yield what was not as it is without faults, and has to be."""
    if seen.starts > clean.starts + seen.rolled_back:
        yield Violation("starts", f"{seen.starts}, and {clean.starts} without the fault")
    if not seen.failed and clean.failed:
        yield Violation("success", f"without the fault it fails: {_message(clean)}")
    elif not seen.failed and seen.things != clean.things:
        yield Violation("success", f"there is {_difference(seen.things, clean.things)}")
    counts = [Counter(effect.operation for effect in run.effects) for run in (seen, clean)]
    for name in ("create", "export", "import"):
        if counts[0][name] > counts[1][name] and not seen.doubled:
            yield Violation("once", f"there were {counts[0][name]} times {name}")


def convergence_violations(
    stage: Stage, scenario: Scenario, clean: Observation, seen: Observation, plan: Plan
) -> Iterator[Violation]:
    """Yield what was not as it has to be when the task is run again without faults."""
    again = stage.run(scenario)
    for violation in _state_violations(scenario, again):
        yield Violation(violation.rule, f"when run again, {violation.what}")
    too_late = any(fault.late == float("inf") for fault in plan.faults.values())
    if not (scenario.again or scenario.failing or too_late or seen.rolled_back):
        starts = seen.starts + again.starts
        if starts > clean.starts:
            yield Violation("starts", f"{starts} with the next run, and {clean.starts} without the fault")
    if scenario.broken:
        yield from _recovery_violations(stage, scenario)
    elif scenario.failing:
        if not again.failed or _message(again) != _message(clean):
            yield Violation("converges", f"the next run ends with {_message(again)!r}, not with {_message(clean)!r}")
    elif again.failed:
        yield Violation("converges", f"the next run fails: {_message(again)}")
    elif again.things != clean.things:
        yield Violation("converges", f"after the next run there is {_difference(again.things, clean.things)}")
    elif again.changed and not scenario.again:
        last = stage.run(scenario)
        if last.failed or last.changed or last.effects:
            yield Violation("converges", f"the run after the next one has done {_words(last)}")


def _recovery_violations(stage: Stage, scenario: Scenario) -> Iterator[Violation]:
    """A version that is broken cannot run; what has to be possible is to go back to the one before it."""
    back = stage.run(scenario, CALM, **scenario.previous)
    (job,) = stage.service.jobs.all()
    if back.failed and not job.has_savepoint:
        # The service has dropped the savepoint, and the person who runs the task gives it back.
        job.set_savepoint("obs://bucket/given/back")
        back = stage.run(scenario, CALM, **scenario.previous)
    yield from _state_violations(scenario, back)
    ends = [{name: job[name] for name in ("status", *scenario.previous)} for job in back.jobs]
    if back.failed or ends != [{"status": "job_running", **scenario.previous}]:
        yield Violation("converges", f"going back from {scenario.broken} ends with {ends}: {_message(back)}")


def _name_violations(scenario: Scenario, seen: Observation) -> Iterator[Violation]:
    for names in (Counter(thing["name"] for thing in things) for things in (seen.jobs, seen.templates)):
        if any(count > 1 for count in names.values()) or len(names) > scenario.names:
            yield Violation("one of a name", f"there are {dict(names)}")


def _state_violations(scenario: Scenario, seen: Observation) -> Iterator[Violation]:
    if scenario.stateless:
        return
    for effect in seen.effects:
        if effect.operation in ("start", "stop") and effect.had_state and not effect.saved:
            yield Violation("state", f"there was a {effect.operation} without a savepoint")


def output_violations(stage: Stage, seen: Observation) -> Iterator[Violation]:
    """Yield what was not as it has to be of what a run has printed."""
    if seen.result is None:
        yield Violation("message", f"the output is no result: {seen.problem[:300]}")
        return
    whole = "\n".join(_texts(seen.result))
    for secret in [*stage.secrets, SECRET_ARGS, *SECRET_WORDS]:
        for form in _forms(secret):
            if form in whole:
                at = whole.index(form)
                yield Violation("secrets", f"{secret} in {whole[max(0, at - 100) : at + 100]!r}")
                break
    message = _message(seen)
    if seen.failed and not message:
        yield Violation("message", "there is none")
    # Newer releases of ansible-core have more of a warning than its text.
    for text in (message, *_texts(seen.result.get("warnings", []))):
        if "fault of the collection" in text or "Traceback" in text:
            yield Violation("message", text)
        if not text.isprintable() or len(text) > LONGEST_MESSAGE:
            yield Violation("message", f"{len(text)} characters: {text[:300]!r}")


def _texts(value: Any) -> Iterator[str]:
    """Yield every text of a result, keys included."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value)


@functools.lru_cache(maxsize=100)
def _forms(secret: str) -> set[str]:
    """Return a secret in every form that a service could quote it in."""
    plain = {secret, repr(secret)[1:-1], *_in_json(secret)}
    nested = {form for text in plain for form in _in_json(text)}
    return plain | nested | {quote(secret), quote(secret, safe=""), quote_plus(secret)}


def _in_json(text: str) -> set[str]:
    return {json.dumps(text, ensure_ascii=only_ascii)[1:-1] for only_ascii in (True, False)}


def _message(seen: Observation) -> str:
    return (seen.result or {}).get("msg", "")


def _operations(seen: Observation) -> list[str]:
    return [action["operation"] for action in (seen.result or {}).get("actions", [])]


def is_unsure(seen: Observation) -> bool:
    """Whether a task says that nobody can know what has become of one of its requests."""
    warnings = (seen.result or {}).get("warnings", [])
    return any("is not known" in text for text in (_message(seen), *_texts(warnings)))


def _words(seen: Observation) -> str:
    return ", ".join(effect.operation for effect in seen.effects) or "nothing"


def _difference(things: list[dict[str, Any]], expected: list[dict[str, Any]]) -> str:
    if len(things) != len(expected):
        return f"{len(things)} jobs and templates instead of {len(expected)}"
    pairs = [
        f"{name} {thing.get(name)!r} instead of {other.get(name)!r}"
        for thing, other in zip(things, expected)
        for name in {**thing, **other}
        if thing.get(name) != other.get(name)
    ]
    return "; ".join(pairs)
