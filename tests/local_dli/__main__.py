# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Serve by hand: ``python -m local_dli`` prints where it listens and serves until it is stopped."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import queue
import shlex
import signal
import sys
import tempfile
from pathlib import Path

from local_dli.actor import DEEDS, parse
from local_dli.behaviour import Behaviour, add_arguments, from_arguments
from local_dli.flink_engine import FlinkEngine
from local_dli.like import behaviour_of, read_report
from local_dli.server import LocalDli
from local_flink import FlinkCluster, FlinkMissing, FlinkRest

# What the collection reads from the environment, and what it is of what the service prints.
EXPORTED = {
    "OS_AUTH_URL": "auth_url",
    "OS_DLI_ENDPOINT_OVERRIDE": "url",
    "OS_USERNAME": "username",
    "OS_PASSWORD": "password",
    "OS_USER_DOMAIN_NAME": "user_domain_name",
    "OS_PROJECT_NAME": "project_name",
}
HELP_ACT = (
    "something that somebody else does, as '<before|after> <request|METHOD|operation> <number>: <deed>', "
    "such as 'before update 2: rename job other'; can be repeated. The deeds: "
    + "; ".join(deed.help for deed in DEEDS.values())
)


def main() -> None:
    """Read the flags, print where the service is, serve until SIGTERM or SIGINT."""
    likeness = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    likeness.add_argument(
        "--like", type=Path, metavar="FILE", help="behave as the report of a check says; other flags count more"
    )
    description = "A local service that speaks DLI's Flink API."
    parser = argparse.ArgumentParser(prog="local_dli", description=description, parents=[likeness])
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument(
        "--exports", action="store_true", help="print export lines for a shell in place of the line of JSON"
    )
    flink = parser.add_mutually_exclusive_group()
    flink.add_argument("--flink", action="store_true", help="run the jobs on a Flink session cluster of its own")
    flink.add_argument("--flink-rest", metavar="URL", help="run the jobs on the Flink cluster with this REST API")
    parser.add_argument("--obs-root", type=Path, metavar="DIR", help="with Flink: the folder that holds the buckets")
    parser.add_argument(
        "--plan-start",
        action="append",
        default=[],
        metavar="NAME=OUTCOME",
        help="how the next start of the job of that name ends, such as orders=submit_fail or orders=exception_after:5; "
        "can be repeated, and starts use the outcomes up in their order",
    )
    parser.add_argument(
        "--queue",
        action="append",
        metavar="NAME",
        help="a queue that is there, and can be repeated; without it, all that anybody names are there",
    )
    parser.add_argument("--act", action="append", default=[], metavar="LINE", help=HELP_ACT)
    # The switches of the report are the defaults of the flags.
    path = likeness.parse_known_args()[0].like
    try:
        like, left = behaviour_of(read_report(path)) if path else (Behaviour(), {})
    except ValueError as error:
        parser.error(str(error))
    add_arguments(parser, like)
    arguments = parser.parse_args()
    try:
        script = [parse(line) for line in arguments.act]
    except ValueError as error:
        parser.error(str(error))
    plans = [line.partition("=") for line in arguments.plan_start]
    if not all(name for name, _equals, _outcome in plans):
        parser.error("--plan-start wants NAME=OUTCOME, such as orders=submit_fail")
    with_flink = arguments.flink or arguments.flink_rest is not None
    if with_flink != (arguments.obs_root is not None):
        parser.error("--obs-root goes with --flink or --flink-rest")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("local_dli").setLevel(logging.INFO)
    for switch, reason in left.items():
        print(f"{switch} keeps its default: {reason}.", file=sys.stderr)
    # A handler runs in the middle of whatever the main thread does. An event that is set by one, while the main thread
    # begins to wait for that event, waits for itself; this queue is made for handlers.
    stops: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stops.put(number))
    with contextlib.ExitStack() as stack:
        engine = None
        if with_flink:
            try:
                engine = FlinkEngine(_flink(stack, arguments.flink_rest), arguments.obs_root)
            except FlinkMissing as error:
                sys.exit(str(error))
        service = stack.enter_context(LocalDli(from_arguments(arguments), engine=engine, port=arguments.port))
        service.jobs.queues = arguments.queue
        service.actor.follow(map(str, script))
        for name, _equals, outcome in plans:
            try:
                service.jobs.plan_start(name, outcome)
            except ValueError as error:
                parser.error(f"--plan-start: {error}")
        known = {"url": service.url, "auth_url": service.auth_url, **service.credentials}
        if engine is not None:
            known["flink_url"] = engine.rest.url
        print("\n".join(_exports(known)) if arguments.exports else json.dumps(known), flush=True)
        stops.get()


def _exports(known: dict[str, str]) -> list[str]:
    """Return the lines by which a shell gives Ansible the address of the service and a user with a password."""
    return [f"export {variable}={shlex.quote(known[name])}" for variable, name in EXPORTED.items()]


def _flink(stack: contextlib.ExitStack, url: str | None) -> FlinkRest:
    """Return the REST API of the cluster at this URL, or else of one that is started here and ends with the stack."""
    if url is not None:
        return stack.enter_context(FlinkRest(url))
    home = stack.enter_context(tempfile.TemporaryDirectory(prefix="local-flink-", ignore_cleanup_errors=True))
    return stack.enter_context(FlinkCluster(Path(home))).rest


if __name__ == "__main__":
    main()
