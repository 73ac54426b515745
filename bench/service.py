# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The local service in a process of its own, so that it does not share an interpreter with what is measured."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# What every request takes longer than the work of the local service does.
LATENCY_SECONDS = 0.02


class Service:
    """A service that was started by itself, as a context manager; ``access`` are the options that reach it.

    :param bundle: where to write certificate authorities that vouch for the service, which speaks TLS then. Besides
        its own they are those of certifi, so that they take as long to read as those of a real system.
    """

    def __init__(self, bundle: Path | None = None) -> None:
        self._bundle = bundle

    def __enter__(self) -> Service:
        self._process = subprocess.Popen(
            [sys.executable, __file__, *([self._bundle] if self._bundle else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
            text=True,
        )
        known = self._answer()
        self.access = {name: known[name] for name in ("endpoint", "project_id", "token")}
        self.keys = {name: known[name] for name in ("access_key", "secret_key")}
        if self._bundle:
            self.access["ca_cert"] = str(self._bundle)
        self.jobs_url = f"{known['endpoint']}/v1.0/{known['project_id']}/streaming/jobs"
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def plant(self, count: int, **fields: Any) -> None:
        """Forget all jobs and requests, and plant jobs that are called job-0, job-1 and so on."""
        self._ask({"count": count, "fields": fields})

    def counts(self) -> dict[str, Any]:
        """Return the requests since the last call: their number, the most in flight, and the number of each kind;
        and how many jobs there are."""
        return self._ask({})

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        return json.loads(self._process.stdout.readline())


def serve() -> None:
    """Answer the questions of a ``Service``, one a line, until there are no more."""
    from local_dli import Behaviour, LocalDli  # the process that asks has no need of it, nor of the path to it

    context = tls(Path(sys.argv[1])) if len(sys.argv) > 1 else None
    behaviour = Behaviour(latency_seconds=LATENCY_SECONDS)
    # The tests see to the contract. Here it would only take CPU time, which the service shares with what is measured.
    with LocalDli(behaviour, ssl_context=context, validate_requests=False, validate_responses=False) as service:
        common = f"/v1.0/{service.credentials['project_id']}/streaming"
        say({"endpoint": service.url, "token": service.issue_token(), **service.credentials})
        for line in sys.stdin:
            question = json.loads(line)
            if "count" in question:
                service.reset()
                service.jobs.add_many(question["count"], **question["fields"])
            kinds = Counter(kind(request.method, request.path.removeprefix(common)) for request in service.requests)
            counts = {"requests": kinds.total(), "most_in_flight": service.most_in_flight, "kinds": dict(kinds)}
            say({**counts, "jobs": len(service.jobs.all())})
            service.requests.clear()
            service.in_flight.reset()


def tls(bundle: Path) -> ssl.SSLContext:
    """Return what makes a service speak TLS, and write the authorities that vouch for it."""
    import certifi
    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    bundle.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    return context


def kind(method: str, path: str) -> str:
    """Return what a request is, without the number of its job."""
    return f"{method} " + "/".join("{id}" if part.isdigit() else part for part in path.split("/"))


def say(answer: dict[str, Any]) -> None:
    """Write one line."""
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()
