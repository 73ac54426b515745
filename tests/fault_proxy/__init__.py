# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy that stands between a client and the local service and lets the network misbehave, at a chosen request."""

from __future__ import annotations

from fault_proxy.faults import FAULTS, Fault
from fault_proxy.foreign import ForeignHost
from fault_proxy.proxy import FaultProxy, Handled

__all__ = ["FAULTS", "Fault", "FaultProxy", "ForeignHost", "Handled"]
