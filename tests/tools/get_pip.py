# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for the get-pip script that ansible-test downloads, so that its environments need a package index alone.

pip comes from the Python itself. It is a process of its own that unpacks it: done in this one, ensurepip would switch
pip's configuration off for the call that follows.
"""

from __future__ import annotations

import subprocess
import sys

OF_GET_PIP_ALONE = ("--no-setuptools", "--no-wheel")

if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument not in OF_GET_PIP_ALONE]
    subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
    subprocess.check_call([sys.executable, "-m", "pip", "install", *arguments])
