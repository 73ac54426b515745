# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A local service that speaks the Flink part of DLI and the little of IAM it needs, for tests.

It is built from documents and from the vendor's clients, see docs/local-service.md: what works here is no evidence
that it works on the live service.
"""

from __future__ import annotations

from local_dli.behaviour import Behaviour
from local_dli.server import LocalDli

__all__ = ["Behaviour", "LocalDli"]
