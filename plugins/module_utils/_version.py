# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Sent in the User-Agent header. A test holds it equal to the version in galaxy.yml.
from __future__ import annotations

VERSION = "0.1.0"
