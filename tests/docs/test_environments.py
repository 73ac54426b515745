# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The repository of docs/environments.md finds drift, and says so by its exit code."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from docs.running import Fault, Page
from docs.snippets import snippets
from local_dli import LocalDli

PAGE = "docs/environments.md"
COMMANDS = "-e target=dev"


def test_drift_is_an_exit_code(new_page: Callable[[], Page], running_service: LocalDli) -> None:
    found = snippets(PAGE)
    number = next(n for n, snippet in enumerate(found) if snippet.language == "console" and COMMANDS in snippet.text)
    export, _check, rollout, audit = found[number].text.splitlines()
    files = [snippet for snippet in found[:number] if snippet.language == "yaml"]
    page = new_page()
    page.follow([*files, dataclasses.replace(found[number], text=f"{export}\n{rollout}\n")])
    (job,) = (job for job in running_service.jobs.all() if job.fields["name"] == "orders-enrichment")
    job.fields["parallel_number"] += 1
    with pytest.raises(Fault, match=r"exit code 2(?s:.*)Not as described: orders-enrichment\. The file audit-dev"):
        page.follow([dataclasses.replace(found[number], page="", text=f"{audit}\n")])
    # A pipeline may have only commands that the page has run, which leaves out the check here.
    (pipeline,) = (snippet for snippet in found if snippet.text.startswith("# .gitlab-ci.yml"))
    with pytest.raises(Fault, match=r"has not run \['ansible-galaxy [^,]*', '[^,]* --check --diff'\] before"):
        page.follow([dataclasses.replace(pipeline, page="")])
