#!/usr/bin/python
# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dli_service_check
short_description: Check how Data Lake Insight behaves where its documentation is silent
version_added: 0.1.0
author:
  - the otc.dli authors (@otc-dli)
description:
  - Asks the live service the questions that the documentation of Data Lake Insight (DLI) leaves open, and reports for
    each what was observed, by which request, and whether this collection is right with it.
  - The report holds no names, ids or values of your jobs, no project and no credentials.
  - It changes nothing but what it has made itself. Its jobs and templates have a name that begins with
    C(otc-dli-check-) and a mark in their description, and are deleted in the end. What an interrupted check has left
    is deleted by the next one of the level V(draft) or V(run).
notes:
  - Do not run two checks in one project concurrently, because each deletes the jobs of the other.
  - The playbook C(otc.dli.check_service) runs this module and writes the report into files.
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.attributes
attributes:
  check_mode:
    description: Returns RV(plan) and RV(questions), and sends no request but a login.
  diff_mode:
    support: none
    description: There is nothing to compare.
  idempotent:
    support: partial
    description: The levels V(draft) and V(run) make and delete jobs each time, and always report a change.
options:
  level:
    description:
      - How far the check goes. Each level does what those before it do.
      - With V(read) it only reads, and sends at most 20 requests.
      - With V(draft) it makes four drafts and a template, changes and deletes them. Drafts never run, and cost nothing.
      - With V(run) it runs a job of 2 CUs twice, for some minutes, and stops it with a savepoint. It needs
        O(queue_name) and O(entrypoint).
    type: str
    choices: [read, draft, run]
    default: read
  queue_name:
    description:
      - The queue in which the level V(run) runs its job.
    type: str
  entrypoint:
    description:
      - The JAR that the level V(run) runs, such as C(obs://example-bucket/jars/check.jar). Choose one that keeps
        running, and that does no harm by what it writes or by what it reads, such as the offsets of a consumer group.
    type: str
  main_class:
    description:
      - The main class of O(entrypoint), where the JAR itself names none.
    type: str
  entrypoint_args:
    description:
      - The arguments of O(entrypoint).
    type: str
  secret_entrypoint_args:
    description:
      - More arguments of O(entrypoint), which no output shows.
    type: str
  flink_version:
    description:
      - The Flink version of the job of the level V(run).
    type: str
  execution_agency_urn:
    description:
      - The agency of the job of the level V(run). With Flink 1.15 there are no savepoints without one.
    type: str
  obs_bucket:
    description:
      - The bucket of the job of the level V(run).
    type: str
  obs_dir:
    description:
      - A folder of OBS into which the levels V(draft) and V(run) export two drafts, to see how many files that makes.
        The files stay there. Without it nothing is exported.
    type: str
  wait_timeout:
    description:
      - How long the level V(run) waits at most for a job to start or to stop, in seconds.
    type: float
    default: 900.0
  concurrency:
    description:
      - How many concurrent requests the levels V(draft) and V(run) send, a single time, to see whether the service
        throttles them, 1 to 64.
    type: int
    default: 16
seealso:
  - module: otc.dli.dli_flink_job_audit
"""

EXAMPLES = r"""
- name: List what a check of the level draft would send and make
  otc.dli.dli_service_check:
    level: draft
  check_mode: true
  register: check

- name: Check what can be seen without changing anything
  otc.dli.dli_service_check:
  register: check

- name: Keep the report
  ansible.builtin.copy:
    content: "{{ check.report | to_nice_json }}\n"
    dest: dli-service-check.json
    mode: "0644"
"""

RETURN = r"""
plan:
  description:
    - Sentences about what the check sends, makes and uses.
  returned: success
  type: list
  elements: str
  sample:
    - "Reads lists and details, of jobs that are there and of some that are not: at most 20 requests."
    - Changes nothing.
questions:
  description:
    - The questions that the check would answer, each with its level and the requests that show the answer.
  returned: in check mode
  type: list
  elements: dict
  sample:
    - name: name_filter
      question: Does the list's filter compare whole names?
      level: draft
      request: GET /streaming/jobs
report:
  description:
    - The report as data.
  returned: success, but not in check mode
  type: dict
  contains:
    schema:
      description:
        - The version of this structure.
      type: int
      sample: 1
    date:
      description:
        - The day of the check (UTC).
      type: str
      sample: "2026-11-26"
    region:
      description:
        - The region, empty when neither the address of the service nor the options name one.
      type: str
      sample: eu-de
    collection:
      description:
        - The version of this collection.
      type: str
      sample: 0.1.0
    level:
      description:
        - The level of the check.
      type: str
      sample: read
    requests:
      description:
        - How many requests the check has sent, without those that were sent again, and without the login.
      type: int
      sample: 11
    answers:
      description:
        - What was observed, by the name of the question.
        - C(observed) is the answer, C(level) the level that gave it, C(request) and C(fields) what showed it.
          C(verdict) is V(right) when the collection is right with it, V(limited) when there is a known limit, which
          C(note) explains, and V(unknown) when the collection does not know the answer.
        - A question without an answer has a C(reason) instead.
      type: dict
      sample:
        name_filter:
          observed: exact
          level: read
          request: GET /streaming/jobs
          fields: [job_list.total_count, job_list.jobs.name]
          verdict: right
          note: right either way
        put_omitted:
          reason: it takes the level draft
markdown:
  description:
    - The report for people, as Markdown.
  returned: success, but not in check mode
  type: str
  sample: "# Check of Data Lake Insight by otc.dli"
deleted_leftovers:
  description:
    - How many jobs and templates were deleted that an interrupted check had left.
  returned: success, but not in check mode
  type: int
  sample: 0
summary:
  description:
    - One sentence about the check, for the issue tracker.
  returned: success, but not in check mode
  type: str
  sample: >-
    Check of the service in eu-de on 2026-11-26, level read, by otc.dli 0.1.0: 13 of 53 questions answered; with 13 of
    the answers the collection is right, 0 need attention.
retries:
  description:
    - Requests that were sent again, see RV(otc.dli.dli_flink_jar_job#module:retries).
  returned: when requests had to be repeated
  type: dict
  sample:
    requests: 2
    seconds: 1.7
error:
  description:
    - The known facts about a failure, see RV(otc.dli.dli_flink_jar_job#module:error).
  returned: failure
  type: dict
  sample:
    type: AuthenticationFailed
    operation: GET /v1.0/330e068af1334c9782f4226acc00a2e2/streaming/jobs
    http_status: 401
    error_code: DLI.0013
    message: The token has expired.
    request_id: 0d4a8e1c-9c2b-4f0a-8f3e-5f0f4f3a2b1c
"""

from ..module_utils import _compile_once
from ..module_utils._api.raw import RawApi
from ..module_utils._check.check import check_from_params, check_options, check_service
from ..module_utils._module import auth_options, run_module

del _compile_once  # being imported first is all that it is for


def main():
    run_module({**auth_options(), **check_options()}, check_from_params, check_service, RawApi)


if __name__ == "__main__":
    main()
