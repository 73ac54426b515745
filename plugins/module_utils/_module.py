# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module layer: the only place that knows AnsibleModule, and the one boundary where exceptions become results."""

from __future__ import annotations

import json
import os
from urllib.parse import quote, quote_plus

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib
from ansible.module_utils.common.parameters import remove_values

from ._api.flink_jobs import FlinkJobApi
from ._errors import DliError, Fault, InvalidInput, MissingLibrary
from ._http.access import open_access
from ._http.client import HttpClient
from ._http.credentials import (
    ENVIRONMENT,
    SECRET_OPTIONS,
    resolve_credentials,
)
from ._model.redact import SHORTEST_SECRET_WORD, secret_words
from ._model.rules import check_seconds
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
    """Return the part of the argument spec that all modules share; documented in the doc fragment C(auth)."""
    options: dict[str, dict] = {
        name: {
            "type": "path" if name == "ca_cert" else "str",
            "fallback": (env_fallback, [variable]),
            "no_log": name in SECRET_OPTIONS,
            "aliases": _ALIASES.get(name, []),
        }
        for name, variable in ENVIRONMENT.items()
    }
    # Without a default: what the task says is to be told from what it leaves to clouds.yaml.
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


def run_module(module: AnsibleModule, action, api=FlinkJobApi) -> None:
    """Run a module's action and exit with its result, or with one clear sentence.

    :param action: callable that takes the module's parameters, a callable that opens the API (so that the
        parameters can be checked before anything is sent) and how to wait, and returns the result as a dict.
    :param api: the class of the API.
    """
    clients: list = []
    try:
        _check_common_options(module.params)
        _hide_options(module)
        result = action(module.params, lambda: _open_api(module, api, clients), _waiting(module))
        _warn(module, result)
        module.exit_json(**result, **_retries(clients))
    except MissingLibrary as exc:
        module.fail_json(msg=missing_required_lib(exc.library, reason=exc.reason), exception=exc.cause)
    except DliError as exc:
        _warn(module, exc.result)
        for report in exc.result.get("jobs", ()):
            report.update({name: _presentable(module, report[name]) for name in ("msg", "error") if name in report})
        failure = _presentable(module, {"msg": str(exc), "error": exc.details()})
        module.fail_json(**failure, **exc.result, **_retries(clients))
    except Exception as exc:  # pylint: disable=broad-except # the boundary: no user shall see a traceback
        fault = Fault(exc)
        module.fail_json(msg=str(fault), error=fault.details())
    finally:
        for client in clients:
            client.close()


def is_redacted(module: AnsibleModule, value) -> bool:
    """Whether any part of a value is masked in the result, because it is secret."""
    return _without_secrets(module, value) != value


def _warn(module, result):
    for warning in result.pop("warnings", ()):
        module.warn(_presentable(module, warning))


def _retries(clients):
    """Return what a task has to tell of the requests that it had to send again, as far as there were any."""
    repeated = sum(client.repeated for client in clients)
    seconds = sum(client.seconds_lost for client in clients)
    return {"retries": {"requests": repeated, "seconds": round(seconds, 1)}} if repeated else {}


def _check_common_options(params):
    for option in ("timeout", "wait_timeout"):
        value = params.get(option)
        # Not a plain comparison with 0: the text nan becomes a number that compares as neither.
        if value is not None and not 0 < value < float("inf"):
            raise InvalidInput(f"{option} is {value:g}, but must be a number of seconds greater than 0.")
    if params["timeout"] > _LONGEST_TIMEOUT_SECONDS:
        raise InvalidInput(f"timeout is {params['timeout']:g}, but must be at most {_LONGEST_TIMEOUT_SECONDS} seconds.")
    check_seconds("retry_timeout", params["retry_timeout"])


def _waiting(module) -> Waiting:
    params = module.params
    if "wait" not in params:
        return Waiting()
    path = os.environ.get(PIPE_VARIABLE, "") if params["progress"] else ""
    progress = Progress(lambda text: _presentable(module, text), path)
    return Waiting(params["wait"], params["wait_timeout"], progress)


def _load_cloud(name):
    # Few tasks need it, and each file to be compiled makes every task slower.
    from ._http.clouds_yaml import load_cloud

    return load_cloud(name)


def _open_api(module, api, clients):
    credentials = resolve_credentials(module.params, os.environ, _load_cloud)
    for secret in credentials.secrets:
        _hide(module, secret)
    params = module.params
    client = HttpClient(credentials.verify, params["timeout"], params["retry_timeout"], params.get("parallelism", 1))
    clients.append(client)
    return api(client, open_access(client, credentials, keep_secret=lambda secret: _hide(module, secret)))


def _without_secrets(module, value):
    # Other threads add secrets meanwhile, and a set must not grow while it is gone through. The copy needs no lock: it
    # is made in one step, as it hashes and compares nothing anew.
    return remove_values(value, module.no_log_values.copy())


def _presentable(module, value):
    """Mask what a message tells, and only then cut it: a secret that is cut in two could not be recognised."""
    if isinstance(value, dict):
        return {key: _presentable(module, item) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    masked = printable(_without_secrets(module, value))
    if len(masked) <= _LONGEST_MESSAGE:
        return masked
    # The words of the service stand in the middle; the end tells what became of the task.
    return f"{masked[: _LONGEST_MESSAGE - _LONGEST_END - 1]}…{masked[-_LONGEST_END:]}"


def _hide_options(module) -> None:
    """Hide what is secret in an option that is not secret as a whole, or is sent in another form than it is given."""
    params = module.params
    for job in (params, params.get("defaults") or {}, *(params.get("jobs") or [])):
        secret_args = job.get("secret_entrypoint_args") or ""
        _hide(module, secret_args)
        _hide(module, " ".join(secret_args.split()))
        for word in secret_words(job):
            _hide(module, word)


def _hide(module, secret) -> None:
    """Keep a secret out of all output, in every form that a service could quote it in."""
    if not secret:
        return
    words = {secret, *(part for word in secret.split() for part in (word, word.partition("=")[2]))}
    for word in words:
        if word == secret or (len(word) >= SHORTEST_SECRET_WORD and word[0] != "-"):
            module.no_log_values.update(_forms(word))


def _forms(word):
    quoted = {
        word,
        repr(word)[1:-1],
        *(json.dumps(word, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)),
    }
    # An answer in JSON can hold a text that is JSON itself.
    nested = {json.dumps(form, ensure_ascii=ascii_only)[1:-1] for form in quoted for ascii_only in (True, False)}
    # Half a character cannot be sent, but must not stop this either.
    urls = (quote(word, errors="replace"), quote(word, safe="", errors="replace"), quote_plus(word, errors="replace"))
    return quoted | nested | set(urls)
