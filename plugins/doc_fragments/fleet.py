# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re

import yaml
from ansible_collections.otc.dli.plugins.doc_fragments import flink_jar_job, flink_job, lifecycle

_IDENTITY = ("name", "job_id")


def _suboptions(option, without=(), module=""):
    """Return the options of a single job as suboptions of another option, without defaults of their own.

    :param module: how to refer to the module that has the options which are not of a job; "" for this one.
    """
    options = {}
    for fragment in (flink_job, flink_jar_job, lifecycle):
        options.update(yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)["options"])
    options = {name: _without_default(value) for name, value in options.items() if name not in without}
    # A reference to an option means the one beside it.
    return json.loads(
        re.sub(
            r"O\((\w+)",
            lambda match: f"O({option}.{match[1]}" if match[1] in options else f"O({module}{match[1]}",
            json.dumps(options),
        )
    )


def _without_default(value):
    value = {key: item for key, item in value.items() if key != "default"}
    if "suboptions" in value:
        value["suboptions"] = {name: _without_default(item) for name, item in value["suboptions"].items()}
    return value


def _documentation(jobs, module=""):
    """Return the two options as a fragment; JSON is YAML too.

    :param jobs: what there is to say of C(jobs) itself.
    :param module: as in C(_suboptions).
    """
    return json.dumps(
        {
            "options": {
                "jobs": {
                    **jobs,
                    "type": "list",
                    "elements": "dict",
                    "suboptions": _suboptions("jobs[]", module=module),
                },
                "defaults": {
                    "description": [
                        "Options for all O(jobs) that do not give them themselves.",
                        "An option counts as a whole: lists and dictionaries are replaced, not merged.",
                    ],
                    "type": "dict",
                    "suboptions": _suboptions("defaults", _IDENTITY, module),
                },
            }
        }
    )


class ModuleDocFragment:
    # With a type, because ansible-test takes what is assigned without one for a text, and reads it as YAML.
    DOCUMENTATION: str = _documentation(
        {
            "description": [
                "The jobs, each with the options of M(otc.dli.dli_flink_jar_job).",
                "What a job leaves out is taken from O(defaults); what these leave out is as in that module.",
            ],
            "required": True,
        }
    )

    # For a module that only compares: otc.dli.fleet.desired
    DESIRED: str = _documentation(
        {
            "description": [
                "The jobs as they should be: the same list that M(otc.dli.dli_flink_jar_jobs) takes.",
                "What a job leaves out is taken from O(defaults); what these leave out is as in that module.",
                "Left out, nothing is compared. An empty list says that there should be no job.",
            ],
        },
        "otc.dli.dli_flink_jar_jobs#module:",
    )
