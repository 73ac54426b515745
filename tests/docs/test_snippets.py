# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All code that the documentation shows, run for real against the local service."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

import pytest

from docs import stages
from docs.running import Fault, Page
from docs.snippets import ROOT, Snippet, pages, snippets
from local_dli import LocalDli

WITH_CODE = [page for page in pages() if snippets(page)]


@pytest.mark.parametrize("page", WITH_CODE)
def test_page(new_page: Callable[[], Page], page: str) -> None:
    new_page().follow(snippets(page))


# Mistakes that somebody could make on a page: where, what stands there, what would stand there, what is then said, and
# how many snippets before and after it belong to it.
MISTAKES = {
    "an option of a task": (
        *("docs/authentication.md", "secret_key:", "secret:"),
        *("module: secret", 0, 0),
    ),
    "an option of a job of a fleet": ("docs/fleet.md", "parallel_number:", "paralel_number:", "paralel_number", 0, 0),
    "the name of a module": ("docs/audit.md", "job_audit:", "jobs_audit:", "otc.dli.dli_flink_jobs_audit", 0, 0),
    "an option of clouds.yaml": ("docs/authentication.md", " sk:", " key:", "secret_key", 0, 1),
    "an option of a command": ("README.md", "parallel_number=6 state", "parallel=6 state", "parallel", 0, 0),
    "what a command prints": ("README.md", "changed: [localhost]", "ok: [localhost]", "does not print", 3, 0),
    "a variable in the environment": ("README.md", "OS_USERNAME=…", "OS_USER=…", "variable OS_USER", 1, 0),
    "a target of the Makefile": ("README.md", "make demo\n", "make demos\n", "no target demos", 0, 0),
    "an interpreter": ("CONTRIBUTING.md", ".nox/unit/", ".nox/units/", "neither make nor nox sets up", 0, 0),
    "a variable with a value": (
        *("docs/first-job.md", "OS_DLI_ENDPOINT_OVERRIDE", "OS_ENDPOINT_OVERRIDE"),
        *("variable OS_ENDPOINT_OVERRIDE", 0, 0),
    ),
    "an option of an event source": (
        "docs/events.md",
        "queue_name: streaming",
        "queue: streaming",
        "no option queue",
        0,
        0,
    ),
    "a variable of a rulebook": ("docs/events.md", "restart_limit: 3", "restart_limits: 3", "no rulebook uses", 0, 0),
    "a key of a pipeline": ("docs/environments.md", "resource_group:", "resource_groups:", "vendor.gitlab-ci", 0, 0),
    "a step of a workflow": ("docs/environments.md", "- uses: actions/up", "- use: actions/up", "vendor.github", 0, 0),
    "a test": ("CONTRIBUTING.md", "-k cleared", "-k clearred", "pytest finds nothing", 0, 0),
    "a section of the changelog": ("CONTRIBUTING.md", "bugfixes:", "bug_fixes:", "what this YAML is for", 0, 0),
    "a session of nox": ("docs/faults.md", "--session faults", "--session fault", "nox does not know", 0, 0),
    "a switch of the service": ("docs/local-service.md", "omitted default", "omitted reset", "does not start", 0, 0),
    "code of a test": ("docs/local-service.md", '["cu_number"] == 4', '["cu_number"] == 5', "^$", 0, 0),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found(new_page: Callable[[], Page], mistake: str) -> None:
    page, right, wrong, message, before, after = MISTAKES[mistake]
    found = snippets(page)
    number, snippet = next((n, s) for n, s in enumerate(found) if right in s.text)
    found[number] = dataclasses.replace(snippet, text=snippet.text.replace(right, wrong))
    with pytest.raises((Fault, AssertionError), match=message):
        new_page().follow(found[number - before : number + after + 1])


def test_code_in_a_language_that_nothing_can_run(new_page: Callable[[], Page]) -> None:
    with pytest.raises(Fault, match="nothing here can run fortran"):
        new_page().follow([Snippet("README.md", 1, "fortran", "END")])


@pytest.mark.parametrize("page", pages())
def test_all_code_of_a_page_is_found(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    if page.endswith(".md"):
        marks = sum(line.lstrip().startswith("```") for line in text.splitlines())
        assert marks == 2 * len(snippets(page))


def test_what_pages_take_for_granted_is_on_a_page(running_service: LocalDli) -> None:
    shown: list[Snippet] = [snippet for page in WITH_CODE for snippet in snippets(page)]
    text = re.sub(r"\\\n *", "", "\n".join(snippet.text for snippet in shown))
    needed = [
        *stages.substitutions(running_service, "address", "file", "repository"),
        *stages.variables(running_service),
        *stages.environment(running_service),
        *stages.not_run(),
    ]
    assert [words for words in needed if words not in text] == []
    prepared = (stages.JOBS, stages.TEMPLATES, stages.ARCHIVES, stages.FILES, stages.OBJECTS, stages.STARTS)
    assert {page for pages in prepared for page in pages} <= {*WITH_CODE}
