# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Adds to the report of a failed test what Ansible said last, and which requests the local service has answered."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

import pytest

from local_dli import LocalDli
from local_dli.app import RecordedRequest
from playbooks.ansible_cli import Ansible, Outcome

_LONGEST_OUTPUT = 6000
_LONGEST_BODY = 300
_MOST_REQUESTS = 60
# All credentials of the tests are made up, but a report may be pasted anywhere, and habits matter.
_SECRET = re.compile(r'("(?:entrypoint_args|password|token)"): ?"[^"]*"?')


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Read the fixtures that the test has used, when it has failed."""
    report = yield
    if report.failed and call.when == "call":
        report.sections += sections(getattr(item, "funcargs", {}))
    return report


def sections(fixtures: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the parts of a report, each with its headline, for the fixtures of a test."""
    parts = []
    ansible = fixtures.get("ansible")
    if isinstance(ansible, Ansible) and ansible.outcomes:
        parts.append(("What Ansible said in its last run", said_in(ansible.outcomes[-1])))
    # Several fixtures can have the same service.
    services = {id(fixture): fixture for fixture in fixtures.values() if isinstance(fixture, LocalDli)}
    for service in services.values():
        if not service.requests:
            continue
        lines = [line(request) for request in service.requests[-_MOST_REQUESTS:]]
        headline = f"The last {len(lines)} of {len(service.requests)} requests that the local service answered"
        parts.append((headline, "\n".join(lines)))
    return parts


def said_in(outcome: Outcome) -> str:
    """Return the end of what Ansible printed; its last lines name the task and its result."""
    text = f"{outcome.stdout}\n{outcome.stderr}".strip()
    start = "" if len(text) <= _LONGEST_OUTPUT else "…\n"
    return f"exit code {outcome.code}\n{start}{text[-_LONGEST_OUTPUT:]}"


def line(request: RecordedRequest) -> str:
    """Return a request and its answer on one line, without credentials and arguments of jobs."""
    query = "&".join(f"{name}={','.join(values)}" for name, values in request.query.items())
    target = f"{request.path}?{query}" if query else request.path
    sent, answered = (_shown(request, body) for body in (request.body, request.answer))
    return f"{request.method} {target} {sent}".rstrip() + f"\n    → {request.status} {answered}".rstrip()


def _shown(request: RecordedRequest, body: bytes) -> str:
    if request.path.startswith("/v3/auth/"):
        return "(left out)"
    text = _SECRET.sub(r'\1: "********"', " ".join(body.decode(errors="replace").split()))
    return text if len(text) <= _LONGEST_BODY else f"{text[:_LONGEST_BODY]}…"
