# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Reports what would change, with the same result and diff as the real run, and changes nothing.
  diff_mode:
    support: full
    description: Shows the managed fields before and after, with secrets masked.
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
  action_group:
    support: full
    description: Use C(group/otc.dli.dli) in C(module_defaults) to set the credentials for all modules.
    membership: [otc.dli.dli]
"""
