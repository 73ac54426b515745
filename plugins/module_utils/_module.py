# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module layer: the only place that knows AnsibleModule, and the one boundary where exceptions become results."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isinf
from typing import Any, NamedTuple

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ._api.flink_jobs import FlinkJobApi
from ._compile_once import look_for_garbage
from ._errors import DliError, Fault, InvalidInput, MissingLibrary, RequestError
from ._http.access import open_access
from ._http.client import HttpClient
from ._http.credentials import (
    ENVIRONMENT,
    SECRET_OPTIONS,
    environment_secrets,
    resolve_credentials,
)
from ._model.checks import check_seconds
from ._model.redactor import Redactor
from ._model.shown_options import shown_options
from ._progress import PIPE_VARIABLE, Progress
from ._reconcile.wait import Waiting
from ._text import printable

_ALIASES = {
    "auth_url": ["iam_url"],
    "username": ["user"],
    "user_domain_name": ["domain_name"],
    "region": ["region_name"],
    "access_key": ["ak"],
    "secret_key": ["sk"],
    "ca_cert": ["cacert"],
    "endpoint": ["dli_endpoint"],
}
# The words of a service can be a whole gateway page; a message has to stay readable.
_LONGEST_MESSAGE = 1000
_LONGEST_END = 400
# No socket can wait much longer: it counts milliseconds in 31 bits.
_LONGEST_TIMEOUT_SECONDS = 86400


def auth_options() -> dict:
    """Return the part of the argument spec that all modules share; documented in the doc fragment C(auth).

    None of the options has a fallback: C(resolve_credentials) has to know what the task gives itself.
    """
    options: dict[str, dict] = {
        name: {
            "type": "path" if name == "ca_cert" else "str",
            "no_log": name in SECRET_OPTIONS,
            "aliases": _ALIASES.get(name, []),
        }
        for name in ENVIRONMENT
    }
    # Without a default: only what the task itself gives overrides clouds.yaml.
    options["validate_certs"] = {"type": "bool"}
    options["allow_http"] = {"type": "bool", "default": False}
    options["timeout"] = {"type": "float", "default": 60.0}
    options["retry_timeout"] = {"type": "float", "default": 60.0}
    return options


def wait_options() -> dict:
    """Return the part of the argument spec about waiting."""
    return {
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "float", "default": 900.0},
        "progress": {"type": "bool", "default": True},
    }


class Run(NamedTuple):
    """How a module is to do what its task wants.

    :param apply: False in check mode: everything but the changes themselves.
    :param waiting: how to wait, and whom to report to meanwhile.
    :param is_redacted: callable that says whether any part of a value would be masked in free text of the result.
    """

    apply: bool
    waiting: Waiting
    is_redacted: Callable[[Any], bool]


def run_module(
    options: dict[str, dict],
    parse: Callable[[dict], Any],
    act: Callable[[Any, Any, Run], dict],
    api: Callable[..., Any] = FlinkJobApi,
) -> None:
    """Run a module and exit with its result, or with one clear sentence.

    :param options: the module's argument spec.
    :param parse: takes the module's parameters and returns what the task wants; raises C(DliError) before anything is
        sent.
    :param act: takes the API, what the task wants and a C(Run), and returns the result.
    :param api: the class of the API.
    """
    look_for_garbage()
    module = _DliModule(options)
    clients: list[HttpClient] = []
    progress = Progress()
    try:
        try:
            check_common_options(module.params)
            task = parse(module.params)
            run = Run(not module.check_mode, module.waiting(), module.is_redacted)
            progress = run.waiting.progress
            result = act(module.open_api(api, clients, progress), task, run)
        finally:
            # Before the result is written, which takes files too: where they are few, there may be none left.
            for client in clients:
                client.close()
        progress.conclude(lambda: _verdict_on(result))
        module.warn_each(result)
    except MissingLibrary as exc:
        module.fail_json(msg=missing_required_lib(exc.library, reason=exc.reason), exception=exc.cause)
    except DliError as exc:
        module.warn_each(exc.result)
        for report in exc.result.get("jobs", ()):
            report.update({name: module.presentable(report[name]) for name in ("msg", "error") if name in report})
        failure = module.presentable({"msg": str(exc), "error": exc.details()})
        progress.conclude(lambda: f"failed: {failure['msg']}")
        module.fail_json(**failure, **exc.result, **_retries(clients))
    except Exception as exc:  # pylint: disable=broad-except # the boundary: no user shall see a traceback
        fault = Fault(exc)
        progress.conclude(lambda: f"failed: {fault}")
        module.fail_json(msg=str(fault), error=fault.details())
    module.exit_json(**result, **_retries(clients))


def open_api(
    api: Callable[..., Any],
    params: dict,
    hide: Callable[[str], None],
    hide_read: Callable[[str], None],
    clients: list[HttpClient],
    on_retry: Callable[[RequestError, float], None] = lambda _error, _pause: None,
) -> Any:
    """Log in and return the API.

    :param api: the class of the API.
    :param params: the options of C(auth_options).
    :param hide: takes what must not be shown, before it is used.
    :param hide_read: takes what was read and may be secret, so that messages leave it out.
    :param clients: is given the client before its first request.
    :param on_retry: takes why a request failed and in how many seconds it is sent again.
    :raises DliError: credentials are missing or contradictory, or IAM rejected a request or did not respond.
    """
    credentials = resolve_credentials(params, os.environ, _load_cloud)
    for secret in credentials.secrets:
        hide(secret)
    concurrency = params.get("concurrency", 1)
    client = HttpClient(credentials.verify, params["timeout"], params["retry_timeout"], concurrency, on_retry=on_retry)
    clients.append(client)
    return api(client, open_access(client, credentials, hide)._replace(keep_read=hide_read))


def check_common_options(params: dict) -> None:
    """Check the options of C(auth_options) and C(wait_options) that are numbers.

    :raises InvalidInput: with the first rule that is broken.
    """
    for option in ("timeout", "wait_timeout"):
        value = params.get(option)
        # Not a plain comparison with 0: the text nan becomes a number that compares as neither.
        if value is not None and not 0 < value < float("inf"):
            raise InvalidInput(f"{option} is {value:g}, but must be a number of seconds greater than 0.")
    if params["timeout"] > _LONGEST_TIMEOUT_SECONDS:
        raise InvalidInput(f"timeout is {params['timeout']:g}, but must be at most {_LONGEST_TIMEOUT_SECONDS} seconds.")
    check_seconds("retry_timeout", params["retry_timeout"])


class _DliModule(AnsibleModule):
    """A module that knows what is secret before anything is logged, checked or returned.

    Its base logs the options while it is made, and returns them with each result, whatever is wrong with them. So the
    secrets are taken from the options as they come in, and what logs and results show of the options is made here.

    Secrets are taken out by C(Redactor), which knows what each part of a result is. The masking of the base knows that
    only of its own options; it hides letters wherever they stand, and compares every secret with every text. It is the
    second net: it gets the secrets that are still there, and there should be none.
    """

    params: dict[str, Any]
    no_log_values: set[str]

    def __init__(self, options: dict[str, dict]) -> None:
        self._redactor = Redactor()
        # Other threads read secrets meanwhile.
        self._redacting = threading.RLock()
        for secret in environment_secrets(os.environ):
            self._redactor.hide(secret)
        self.params: dict = {}
        self._shows_options = True
        try:
            super().__init__(argument_spec=options, supports_check_mode=True)
        except Exception as exc:  # pylint: disable=broad-except # over some texts in the place of a list the base stumbles
            if not self.params:
                raise
            self.fail_json(msg=f"Ansible cannot read the options of this task ({type(exc).__name__}).")

    def _load_params(self) -> None:
        super()._load_params()
        # Newer releases of ansible-core show the options only when they say so.
        self._shows_options = self.params.get("_ansible_inject_invocation", True)
        # The base fails with a traceback where an integer is wanted, and has a sentence for a string.
        self.params = {
            name: str(value) if isinstance(value, float) and isinf(value) else value
            for name, value in self.params.items()
        }
        for name, option in self.argument_spec.items():
            if option.get("elements") == "str":
                for key in {name, *option.get("aliases", ())} & self.params.keys():
                    self.params[key] = _list_if_empty(self.params[key])
        self._shown_options()

    def _shown_options(self):
        return shown_options(self.argument_spec, self.params, self._redactor)

    def _log_invocation(self) -> None:
        given = self.params
        self.params = self._redactor.result(_loggable(self._shown_options()), "module_args")
        try:
            with self._second_net(self.params):
                super()._log_invocation()
        finally:
            self.params = given

    def log(self, msg: str, log_args: dict | None = None) -> None:
        """Write to the system's log; see the base."""
        if log_args is not None:
            # What was made of redacted options. A fleet's are so long that they are not searched twice.
            super().log(msg, log_args)
            return
        with self._redacting:
            shown = self._redactor.text(msg if isinstance(msg, str) else msg.decode(errors="replace"))
        with self._second_net(shown):
            super().log(shown)

    def warn(self, warning: str, **options: Any) -> None:
        """Add a warning to the result; see the base."""
        super().warn(self.presentable(str(warning)), **options)

    def _return_formatted(self, kwargs: dict) -> None:
        with self._redacting:
            invocation = {"invocation": {"module_args": self._shown_options()}} if self._shows_options else {}
            result = self._redactor.result({**kwargs, **invocation})
        with self._second_net(result):
            super()._return_formatted(result)

    @contextmanager
    def _second_net(self, redacted: Any) -> Iterator[None]:
        """Give the base only the secrets that are still in what was redacted."""
        known = self.no_log_values
        self.no_log_values = self._redactor.left_over(known, redacted)
        try:
            yield
        finally:
            self.no_log_values = known

    def warn_each(self, result: dict) -> None:
        """Take the warnings out of a result and pass them on."""
        for warning in result.pop("warnings", ()):
            self.warn(warning)

    def hide(self, secret: str) -> None:
        """Keep a secret out of all output from now on."""
        with self._redacting:
            self._redactor.hide(secret)
        if secret:
            self.no_log_values.add(secret)

    def hide_read(self, text: str) -> None:
        """Keep out of messages what was read from the service and may be secret."""
        with self._redacting:
            self._redactor.hide_read(text)

    def is_redacted(self, value: Any) -> bool:
        """Whether any part of a value would be masked in free text of the result."""
        with self._redacting:
            return self._redactor.result(value) != value

    def presentable(self, value: Any) -> Any:
        """Mask what a message says, and only then cut it: a secret that is cut in two could not be recognised."""
        if isinstance(value, dict):
            return {key: self.presentable(item) for key, item in value.items()}
        if not isinstance(value, str):
            return value
        with self._redacting:
            masked = printable(self._redactor.text(value))
        if len(masked) <= _LONGEST_MESSAGE:
            return masked
        # The words of the service stand in the middle; the end says what became of the task.
        return f"{masked[: _LONGEST_MESSAGE - _LONGEST_END - 1]}…{masked[-_LONGEST_END:]}"

    def waiting(self) -> Waiting:
        """Return how the task waits."""
        params = self.params
        if "wait" not in params:
            return Waiting()
        path = os.environ.get(PIPE_VARIABLE, "") if params["progress"] else ""
        return Waiting(params["wait"], params["wait_timeout"], Progress(self.presentable, path))

    def open_api(self, api: Callable[..., Any], clients: list[HttpClient], progress: Progress) -> Any:
        """Log in and return the API.

        :param clients: is given the client before its first request.
        """
        return open_api(api, self.params, self.hide, self.hide_read, clients, progress.retried)


def _loggable(value, level=0):
    """Return options with half characters escaped, which the base cannot log, and of jobs only what the task gives.

    The log of a fleet would hold little else than options that are not given.
    """
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, list):
        return [_loggable(item, level + 1) for item in value]
    if isinstance(value, dict):
        return {key: _loggable(item, level + 1) for key, item in value.items() if level == 0 or item is not None}
    return value


def _list_if_empty(value):
    """Return what is given for a list: ad hoc, people write an empty one as an empty text.

    The base would make a list of one empty text of it.
    """
    return [] if isinstance(value, str) and not value.strip() else value


def _retries(clients):
    """Return what the result says of the requests that were sent again; {} when there were none."""
    repeated = sum(client.repeated for client in clients)
    seconds = sum(client.seconds_lost for client in clients)
    return {"retries": {"requests": repeated, "seconds": round(seconds, 1)}} if repeated else {}


def _verdict_on(result):
    # Only tasks that take long need it; see M(_load_cloud).
    from ._model.verdict import verdict_on

    return verdict_on(result)


def _load_cloud(name, region):
    # Few tasks need it, and each file to be compiled makes every task slower.
    from ._http.clouds_yaml import load_cloud

    return load_cloud(name, region)
