#!/usr/bin/python
# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dli_flink_job_template
short_description: Create, change and delete templates of Flink SQL jobs on Data Lake Insight
version_added: 0.1.0
author:
  - the otc.dli authors (@otc-dli)
description:
  - Manages a template of Flink SQL jobs on Data Lake Insight (DLI). A template that is already as the task describes it
    is not changed.
  - An option that is left out is not managed. V("") is a value like any other.
notes:
  - O(tags) and O(job_type) can be set when a template is created, and not later.
  - A change of a template does not change jobs that were made from it, and neither does its deletion.
  - A user can have at most 100 templates (documented).
extends_documentation_fragment:
  - otc.dli.auth
  - otc.dli.attributes
options:
  name:
    description:
      - Name of the template, at most 64 characters. The task fails if several templates have this name.
      - With O(template_id) too, the module renames the template to this name. The task fails if another template has
        it.
      - With O(template_id) and O(state=absent), both must identify the same template.
    type: str
  template_id:
    description:
      - Id of an existing template, instead of its name.
    type: int
    aliases: [id]
  desc:
    description:
      - Description, at most 512 characters.
    type: str
    aliases: [description]
  sql_body:
    description:
      - The SQL, at most 10000 characters. Line breaks and spaces at its ends make no difference.
      - Values of sensitive options in it, such as C('password'), are never shown.
    type: str
  job_type:
    description:
      - Type of the jobs that the template is for.
    type: str
    choices: [flink_opensource_sql_job, flink_sql_job]
  tags:
    description:
      - Tags of the template, at most 20. They cannot be read. A warning says if the service does not find the template
        by its tags.
    type: dict
  state:
    description:
      - Whether the template should exist.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: otc.dli.dli_flink_sql_job
  - name: Data Lake Insight API reference
    description: The operations behind this module, as the service documents them.
    link: https://docs.otc.t-systems.com/data-lake-insight/api-ref/apis_related_to_flink_job_templates/index.html
"""

EXAMPLES = r"""
- name: Create a template, or change it to this description
  otc.dli.dli_flink_job_template:
    name: orders-hourly
    desc: Counts orders by the hour
    sql_body: "{{ lookup('ansible.builtin.file', 'orders-hourly.sql') }}"
    job_type: flink_opensource_sql_job
  register: template

- name: Create a job from it
  otc.dli.dli_flink_sql_job:
    name: orders-hourly-eu
    template_id: "{{ template.template.template_id }}"
    queue_name: streaming

- name: Delete a template
  otc.dli.dli_flink_job_template:
    name: orders-hourly
    state: absent
"""

RETURN = r"""
template:
  description:
    - The template as it is after the task, or in check mode as it would be. A deleted one is shown as it was.
    - V(null) if there neither is nor was one. A fact that is not known is V(null).
    - C(sql_body) shows only string literals and comments that the task itself gives, and previous values of its own
      options.
  returned: success
  type: dict
  sample:
    template_id: 17
    name: orders-hourly
    desc: Counts orders by the hour
    sql_body: INSERT INTO hourly SELECT * FROM orders
    job_type: flink_opensource_sql_job
    create_time: 1578748092000
    update_time: 1578748092000
changes:
  description:
    - What changed, or in check mode would change, by field. Secrets are masked.
    - Of a new template this has C(tags) too, if they are given.
  returned: success
  type: dict
  sample:
    desc:
      before: ""
      after: Counts orders by the hour
actions:
  description: The operation of the API that was carried out, or in check mode would be.
  returned: success, or failure after something was or may have been changed
  type: list
  elements: dict
  contains:
    operation:
      description: C(create), C(update) or C(delete).
      type: str
      sample: update
    fields:
      description: Names of the fields that the operation sets. Those of C(create) have C(tags) too, if they are given.
      type: list
      elements: str
      sample: [desc]
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
    type: ApiError
    operation: POST /v1.0/330e068af1334c9782f4226acc00a2e2/streaming/job-templates
    http_status: 400
    error_code: DLI.1028
    message: There are too many templates.
    request_id: 0d4a8e1c-9c2b-4f0a-8f3e-5f0f4f3a2b1c
"""

from ..module_utils import _compile_once
from ..module_utils._api.templates import TemplateApi
from ..module_utils._module import auth_options, run_module
from ..module_utils._reconcile.template import (
    converge_template,
    task_from_params,
    template_options,
)

del _compile_once  # being imported first is all that it is for


def main():
    run_module(
        {**auth_options(), **template_options()},
        task_from_params,
        lambda api, task, run: converge_template(api, task, run.apply),
        TemplateApi,
    )


if __name__ == "__main__":
    main()
