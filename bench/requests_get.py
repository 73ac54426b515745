# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The least module that asks the service with requests: what any module costs that is built on that library."""

from __future__ import annotations

import requests
from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Send one GET and return what came."""
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "token": {"type": "str", "required": True, "no_log": True},
            "ca_cert": {"type": "path"},
        },
        supports_check_mode=True,
    )
    params = module.params
    answer = requests.get(
        params["url"], headers={"X-Auth-Token": params["token"]}, verify=params["ca_cert"] or True, timeout=60
    )
    module.exit_json(status=answer.status_code, json=answer.json())


if __name__ == "__main__":
    main()
