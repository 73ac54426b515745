# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service as a test holds it: a web server on a free local port, and everything behind it."""

from __future__ import annotations

import itertools
import logging
import ssl
import time
from types import TracebackType
from typing import Any, Callable

from cheroot.ssl.builtin import BuiltinSSLAdapter

from local_dli.actor import Actor
from local_dli.app import RecordedRequest, create_app
from local_dli.archives import Archives
from local_dli.behaviour import Behaviour
from local_dli.iam import CREDENTIALS, PROJECT, Iam
from local_dli.in_flight import InFlight
from local_dli.jobs import JobStore
from local_dli.journal import BEFORE_ALL
from local_dli.lifecycle import Engine
from local_dli.templates import TemplateStore
from local_dli.web_server import WebServer

log = logging.getLogger("local_dli")


class _ContextAdapter(BuiltinSSLAdapter):
    """TLS from a context the caller has made; cheroot's own constructor wants the names of files."""

    def __init__(self, context: ssl.SSLContext) -> None:  # pylint: disable=super-init-not-called
        self.context = context

    def get_environ(self, sock: ssl.SSLSocket) -> dict[str, Any]:  # type: ignore[override]  # cheroot's types lack sock
        return {"wsgi.url_scheme": "https", "HTTPS": "on"}


class LocalDli:
    """DLI and IAM in one process, to be used as a context manager.

    :param behaviour: the switches; ``service.behaviour`` can be replaced at any time.
    :param engine: makes the jobs go through their statuses, such as a FlinkEngine; without one they go by the clock.
    :param ssl_context: speak TLS with this context, else plain HTTP.
    :param port: port on 127.0.0.1; 0 takes a free one.
    :param clock: seconds that only grow; statuses, times of jobs and the life of tokens follow it.
    :param sleep: how ``latency_seconds`` pass.
    :param validate_requests: check requests against the contract.
    :param validate_responses: check the service's own answers against it too.
    :param middleware: takes the WSGI application and returns the one that is served, such as one that counts requests.
    :param threads: so many requests can be in flight, each waiting for its latency; more wait their turn
        before they arrive.

    ``requests`` are the requests so far, in order of arrival. ``contract_violations`` are sentences about answers that
    broke the contract; ``reset`` keeps them, so that a check at the end of a test run sees all of them. ``actor`` is
    somebody else who works on the same jobs, ``journal`` all that was done to them.
    """

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        engine: Engine | None = None,
        ssl_context: ssl.SSLContext | None = None,
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        validate_requests: bool = True,
        validate_responses: bool = True,
        threads: int = 64,
        middleware: Callable[[Any], Any] = lambda app: app,
    ) -> None:
        self._initial_behaviour = behaviour or Behaviour()
        self.behaviour = self._initial_behaviour
        self.sleep = sleep
        self.validate_requests = validate_requests
        self.validate_responses = validate_responses
        self.credentials = dict(CREDENTIALS)
        self.requests: list[RecordedRequest] = []
        self.contract_violations: list[str] = []
        self.jobs = JobStore(PROJECT["id"], CREDENTIALS["username"], clock, engine)
        self.journal = self.jobs.journal
        self.actor = Actor(self)
        self.replica_turns = itertools.count()
        self._handled = itertools.count()
        self.templates = TemplateStore(self.jobs.now_ms, self.journal)
        self.archives = Archives(self.jobs)
        self.iam = Iam(clock, self.jobs.wall_ms)
        self.in_flight = InFlight()
        self._scheme = "https" if ssl_context else "http"
        self._server = WebServer(middleware(create_app(self)), port=port, threads=threads)
        self._server.error_log = _log_server_error  # type: ignore[method-assign]  # documented
        if ssl_context is not None:
            self._server.ssl_adapter = _ContextAdapter(ssl_context)

    @property
    def url(self) -> str:
        """Endpoint of DLI, without a slash at its end."""
        return f"{self._scheme}://127.0.0.1:{self._server.port}"

    @property
    def auth_url(self) -> str:
        """Endpoint of IAM."""
        return f"{self.url}/v3"

    @property
    def most_in_flight(self) -> int:
        """The largest number of requests that were handled concurrently since the last reset, latency included."""
        return self.in_flight.most

    def start(self) -> LocalDli:
        """Listen; requests are answered from now on."""
        self._server.begin()
        return self

    def stop(self) -> None:
        """Close the port and all connections, and let the engine go of all jobs."""
        self._server.end()
        self.jobs.close()

    def __enter__(self) -> LocalDli:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def reset(self) -> None:
        """Forget jobs, plans and requests, count those in flight anew, and go back to the behaviour of the beginning.

        Tokens stay good, and passcodes count again.
        """
        with self.jobs.lock:
            self.behaviour = self._initial_behaviour
            self.jobs.clear()
            self.templates.clear()
            self.archives.clear()
            self.requests.clear()
            self.iam.renew_passcodes()
            self.in_flight.reset()
            self.begin_count()
            self.actor.follow(())

    def begin_count(self) -> None:
        """Count the requests to DLI, and the turns of the replicas, from 0 again; the journal goes on."""
        with self.jobs.lock:
            self.replica_turns = itertools.count()
            self._handled = itertools.count()
            self.journal.position = BEFORE_ALL

    def handle(self) -> int:
        """Return the number of a request to DLI that begins to be handled, from 0; what happens now is its doing."""
        number = next(self._handled)
        self.journal.position = 3 * number + 1
        return number

    def issue_token(self) -> str:
        """Return a token that is good for the project of the credentials."""
        return self.iam.issue_token(PROJECT)

    def expire_tokens(self) -> None:
        """Make every token issued so far answer 401."""
        self.iam.expire_tokens()


def _log_server_error(msg: str = "", level: int = 20, traceback: bool = False) -> None:
    """Log that the server met an error, but not its text, which may quote a request."""
    log.log(level, "the web server met an error")
