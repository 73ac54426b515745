# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Serve by hand: ``python -m local_dli`` prints where it listens and serves until it is told to stop."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import threading

from local_dli.behaviour import add_arguments, from_arguments
from local_dli.server import LocalDli


def main() -> None:
    """Read the flags, print one line of JSON, serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="local_dli", description="A local service that speaks DLI's Flink API.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    add_arguments(parser)
    arguments = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("local_dli").setLevel(logging.INFO)
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: told_to_stop.set())
    with LocalDli(from_arguments(arguments), port=arguments.port) as service:
        print(json.dumps({"url": service.url, "auth_url": service.auth_url, **service.credentials}), flush=True)
        told_to_stop.wait()


if __name__ == "__main__":
    main()
