#!/usr/bin/python
# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dli_flink_job_adopt
short_description: Describe existing Flink jobs on Data Lake Insight, so that tasks can manage them
version_added: 0.1.0
author:
  - the otc.dli authors (@otc-dli)
description:
  - Returns, for each Flink job of Data Lake Insight (DLI) that matches, the options that describe it. With them tasks
    adopt jobs that were made in the console or by another tool.
  - The module itself only reads. Applying what it returns changes nothing either. C(state) is not among the options,
    so jobs are neither started nor stopped.
notes:
  - The list takes one request for each 100 jobs. Each job takes another one, unless the list has all its fields.
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.selection
  - otc.dli.concurrency
  - otc.dli.attributes
options:
  show_entrypoint_args:
    description:
      - Whether to return C(entrypoint_args), and C(sql_body) that has string literals or comments. They can contain
        secrets, and this module does not know which words are secret. With V(true), all of them are in the result, and
        in every log of it.
      - With V(false), RV(left_out) names them.
    type: bool
    default: false
seealso:
  - module: otc.dli.dli_flink_jar_job
  - module: otc.dli.dli_flink_jar_jobs
  - module: otc.dli.dli_flink_sql_job
  - module: otc.dli.dli_flink_job_audit
"""

EXAMPLES = r"""
- name: Describe the jobs that were made in the console
  otc.dli.dli_flink_job_adopt:
    queue_name: streaming
  register: found

- name: Write the descriptions of the JAR jobs to a file of variables
  ansible.builtin.copy:
    content: "{{ {'orders_jobs': found.jar_jobs} | to_nice_yaml }}"
    dest: "{{ playbook_dir }}/orders_jobs.yml"
    mode: "0600"

- name: Manage the JAR jobs from now on
  otc.dli.dli_flink_jar_jobs:
    jobs: "{{ found.jar_jobs }}"

- name: Write a task for each SQL job
  ansible.builtin.copy:
    content: |
      ---
      {% for job in found.sql_jobs %}
      - name: Manage {{ job.name | default(job.job_id) }}
        otc.dli.dli_flink_sql_job:
          {{ job | to_nice_yaml | indent(4) }}
      {% endfor %}
    dest: "{{ playbook_dir }}/orders_sql_jobs.yml"
    mode: "0600"
"""

RETURN = r"""
jar_jobs:
  description:
    - The options that describe each JAR job. They are an element of O(otc.dli.dli_flink_jar_jobs#module:jobs), and
      options of M(otc.dli.dli_flink_jar_job). Options that have their default anyway are not among them.
    - Nor are the options that RV(left_out) names, and the tags where they cannot be read, which a warning says.
  returned: success
  type: list
  elements: dict
  sample:
    - name: orders-enrichment
      queue_name: streaming
      entrypoint: obs://example-bucket/jars/orders-enrichment-1.4.0.jar
      cu_number: 4
      parallel_number: 6
sql_jobs:
  description:
    - The same for each SQL job, as options of M(otc.dli.dli_flink_sql_job). M(otc.dli.dli_flink_jar_jobs) takes no SQL
      jobs.
    - C(template_id) is never among them, because the service does not return it. Neither is C(job_type) where it is
      C(flink_sql_job), which the service may show for a SQL job of any type.
  returned: success
  type: list
  elements: dict
  sample:
    - name: orders-hourly
      sql_body: INSERT INTO sink SELECT * FROM orders
      queue_name: streaming
      run_mode: exclusive_cluster
left_out:
  description:
    - Which options are left out of RV(jar_jobs) and RV(sql_jobs), and why. Options that a task does not give are not
      managed, so they stay as they are.
    - C(entrypoint_args) are left out without O(show_entrypoint_args), and so is C(sql_body) that has string literals or
      comments. C(sql_body) and C(runtime_config) with sensitive values are always left out.
    - A value that the option does not accept, such as a description that is too long, is left out too.
  returned: success
  type: list
  elements: dict
  sample:
    - name: orders-enrichment
      job_id: 131
      option: entrypoint_args
      reason: it can hold secrets; show_entrypoint_args shows it
count:
  description:
    - Number of jobs that match.
  returned: success
  type: int
  sample: 2
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
    type: AccessDenied
    operation: GET /v1.0/330e068af1334c9782f4226acc00a2e2/streaming/jobs
    http_status: 403
    error_code: DLI.0016
    message: The role has no right to list jobs.
    request_id: 0d4a8e1c-9c2b-4f0a-8f3e-5f0f4f3a2b1c
"""

from ..module_utils import _compile_once
from ..module_utils._info.adopt import adopt_jobs, adoption_from_params, adoption_options
from ..module_utils._info.selection import selection_options
from ..module_utils._model.fleet import concurrency_options
from ..module_utils._module import auth_options, run_module

del _compile_once  # being imported first is all that it is for


def main():
    run_module(
        {**auth_options(), **selection_options(), **adoption_options(), **concurrency_options()},
        adoption_from_params,
        lambda api, adoption, run: adopt_jobs(api, adoption, run.is_redacted),
    )


if __name__ == "__main__":
    main()
