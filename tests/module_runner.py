# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module inside the test's own process: as Ansible would, but in milliseconds, and over real HTTP."""

from __future__ import annotations

import contextlib
import io
import json
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from ansible.module_utils.common.parameters import PASS_VARS

from local_dli import LocalDli

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # ansible-core 2.17 and older

    @contextlib.contextmanager
    def patch_module_args(args: dict[str, Any]):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": args}).encode())
            yield


# Results show what options a module got, which newer releases of ansible-core do only on request.
SHOW_OPTIONS = {"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {}


def access_to(service: LocalDli) -> dict[str, str]:
    """Return the options with which a module reaches the service, with a new token."""
    return {
        "endpoint": service.url,
        "project_id": service.credentials["project_id"],
        "token": service.issue_token(),
    }


def run_module(
    module: ModuleType, params: dict[str, Any], check_mode: bool = False, diff: bool = False
) -> dict[str, Any]:
    """Return the result that the module prints, with "failed" and "changed" always in it.

    What the module should not print, such as a traceback, raises here: the output must be one JSON document.
    """
    args = {**params, "_ansible_check_mode": check_mode, "_ansible_diff": diff}
    output = io.StringIO()
    # Warnings pile up in the process, where Ansible would start a new one for each module run.
    warnings._global_warnings.clear()
    warnings._global_deprecations.clear()
    with patch_module_args(args), contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        module.main()
    return {"failed": False, "changed": False, **json.loads(output.getvalue())}
