# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the authentication options to one complete, contradiction-free set of credentials. No request is sent here."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from .._errors import InvalidInput
from .._text import quoted

# The option of each setting and the environment variables that it falls back to.
ENVIRONMENT = {
    "auth_url": "OS_AUTH_URL",
    "username": "OS_USERNAME",
    "password": "OS_PASSWORD",
    "user_domain_name": "OS_USER_DOMAIN_NAME",
    "project_id": "OS_PROJECT_ID",
    "project_name": "OS_PROJECT_NAME",
    "region": "OS_REGION_NAME",
    "token": "OS_TOKEN",
    "access_key": "OS_ACCESS_KEY",
    "secret_key": "OS_SECRET_KEY",
    "security_token": "OS_SECURITY_TOKEN",
    "cloud": "OS_CLOUD",
    "endpoint": "OS_DLI_ENDPOINT_OVERRIDE",
    "ca_cert": "OS_CACERT",
}
SECRET_OPTIONS = ("password", "token", "access_key", "secret_key", "security_token")

# Each way to authenticate with the options that belong to it alone. A way is chosen by giving its first option.
WAYS = {
    "cloud": ("cloud",),
    "token": ("token",),
    "password": ("password", "username"),
    "access key": ("secret_key", "access_key", "security_token"),
}
# Only these regions share the domain of the documented endpoints; any other needs explicit URLs.
REGIONS_WITH_KNOWN_ENDPOINTS = ("eu-de", "eu-nl")
# Documented in the API reference, page "Listing Jobs".
_PROJECT_ID = re.compile(r"[A-Za-z0-9]{1,64}")
# Of an address the end can be what tells it from others.
_LONGEST_ADDRESS = 255
# What never leaves the host. Other names than localhost are not looked up: what they mean is up to others.
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass(frozen=True)
class Credentials:
    """How to reach and convince the service; "" stands for what was not given.

    Where it says C(allow_http), credentials may go over plain http to any host.

    Exactly one of C(token), C(password) and C(secret_key) is set. C(endpoint) is "" only with a password, and then
    the token's catalog tells it. One of C(project_id) and C(project_name) is set.
    """

    auth_url: str = ""
    endpoint: str = ""
    region: str = ""
    project_id: str = ""
    project_name: str = ""
    username: str = ""
    password: str = ""
    user_domain_name: str = ""
    token: str = ""
    access_key: str = ""
    secret_key: str = ""
    security_token: str = ""
    verify: bool | str = True
    allow_http: bool = False

    @property
    def secrets(self) -> set[str]:
        """What must appear in no output."""
        return {value for name in SECRET_OPTIONS if (value := getattr(self, name))}


_AS_GIVEN = [field.name for field in fields(Credentials) if field.name in ENVIRONMENT.keys() - {"auth_url", "endpoint"}]


def resolve_credentials(params: dict, environ: Mapping, load_cloud) -> Credentials:
    """Choose the one way to authenticate that the options describe.

    Options that the task gives win over what the environment alone offers, so that a shell with credentials
    loaded does not contradict a task that brings its own.

    :param params: the module's parameters; None and "" both mean not given, and C(validate_certs) that is not given
        that the cloud tells, if there is one, and else to verify.
    :param environ: the process environment, to tell an option from its fallback.
    :param load_cloud: callable that returns the settings of a named cloud of C(clouds.yaml) as a dict of options.
    :raises InvalidInput: credentials are missing, incomplete or contradictory.
    """
    given = {name: params.get(name) or "" for name in ENVIRONMENT}
    from_task = {name for name, value in given.items() if value and value != environ.get(ENVIRONMENT[name])}
    way = _chosen_way(given, from_task)
    for other in WAYS:
        if other != way:
            given.update(dict.fromkeys(WAYS[other], ""))
    validate_certs = params.get("validate_certs")
    if way == "cloud":
        cloud = load_cloud(given["cloud"])
        _check_strings(given["cloud"], cloud)
        if validate_certs is None:
            validate_certs = cloud.get("validate_certs")
        # The task wins over the file, and the file over the environment, which may be about another cloud.
        given = {name: (name in from_task and given[name]) or cloud.get(name) or given[name] for name in given}
        way = _way_of_cloud(given)
    if "project_name" in from_task and "project_id" not in from_task:
        given["project_id"] = ""
    _check_complete(way, given)
    _check_sendable(given)
    allow_http = params.get("allow_http", False)
    return Credentials(
        auth_url=_auth_url(given, allow_http),
        endpoint=_endpoint(given, way, allow_http),
        # Only who says so does without.
        verify=_verify(given["ca_cert"]) if validate_certs is None or validate_certs else False,
        allow_http=allow_http,
        **{name: given[name] for name in _AS_GIVEN},
    )


def _chosen_way(given, from_task):
    described = [way for way, options in WAYS.items() if given[options[0]]]
    if not described:
        # Without its secret a way is not described, but half a pair shows which one was meant.
        for options in WAYS.values():
            for option in options[1:]:
                if given[option]:
                    raise InvalidInput(f"{option} is given without {options[0]}; both are needed to authenticate.")
        raise InvalidInput(
            "No credentials are given; set token, or username and password, or access_key and secret_key, or cloud, "
            "as options or in the environment (OS_TOKEN, OS_USERNAME and OS_PASSWORD, OS_ACCESS_KEY and OS_SECRET_KEY, "
            "OS_CLOUD)."
        )
    by_task = [way for way in described if WAYS[way][0] in from_task]
    candidates = by_task or described
    if len(candidates) > 1:
        names = " and ".join(WAYS[way][0] for way in candidates)
        source = "" if by_task else ", taken from the environment,"
        raise InvalidInput(f"{names}{source} are different ways to authenticate; give only one of them.")
    return candidates[0]


def _check_strings(name, cloud):
    for option in ENVIRONMENT:
        # YAML makes a number of digits, and not always the same digits.
        if cloud.get(option) is not None and not isinstance(cloud[option], str):
            raise InvalidInput(
                f"cloud {quoted(name)} has {option} in clouds.yaml, but not as a text; put it in quotes."
            )


def _way_of_cloud(given):
    ways = [way for way in WAYS if way != "cloud" and given[WAYS[way][0]]]
    if len(ways) != 1:
        found = "none" if not ways else " and ".join(WAYS[way][0] for way in ways)
        raise InvalidInput(
            f"cloud {quoted(given['cloud'])} must have one of token, password and secret_key in clouds.yaml, "
            f"not {found}."
        )
    return ways[0]


def _check_complete(way, given):
    for option in WAYS[way]:
        if option != "security_token" and not given[option]:
            raise InvalidInput(f"{option} is missing; {' and '.join(WAYS[way][:2])} are needed together.")
    if way == "password" and not given["user_domain_name"]:
        raise InvalidInput(
            "user_domain_name is missing; username and password need the domain that the user belongs to."
        )
    if not given["project_id"] and not given["project_name"]:
        raise InvalidInput("project_id or project_name is missing; a Flink job belongs to a project.")
    if way == "password" or not given["project_id"]:
        if not given["auth_url"] and not given["region"]:
            need = "username and password" if way == "password" else "project_name"
            raise InvalidInput(f"auth_url or region is missing; {need} cannot be used without IAM's address.")


def _check_sendable(given):
    # A line break is easily pasted with a token, and no header can carry it.
    for option in ("token", "access_key", "security_token"):
        if any(not "!" <= char <= "~" for char in given[option]):
            raise InvalidInput(f"{option} holds a space, line break or other character that it cannot have.")
    # These can have spaces and letters of any language, but a value from a file easily comes with its line break.
    for option in ("username", "password", "user_domain_name", "project_name", "secret_key"):
        if not given[option].isprintable():
            raise InvalidInput(f"{option} holds a line break or other character that cannot be printed.")
    if given["project_id"] and not is_project_id(given["project_id"]):
        raise InvalidInput("project_id must be 1 to 64 letters and digits.")


def is_project_id(value) -> bool:
    """Whether a value of any type has the documented form of a project's id."""
    return isinstance(value, str) and bool(_PROJECT_ID.fullmatch(value))


def _verify(ca_cert):
    if ca_cert and not os.path.exists(ca_cert):
        raise InvalidInput(f"ca_cert is {quoted(ca_cert, _LONGEST_ADDRESS)}, but there is no such file.")
    return ca_cert or True


def _auth_url(given, allow_http):
    if given["auth_url"]:
        url = check_transport("auth_url", given["auth_url"], allow_http)
        return url if url.endswith("/v3") else url + "/v3"
    if given["region"] in REGIONS_WITH_KNOWN_ENDPOINTS:
        return f"https://iam.{given['region']}.otc.t-systems.com/v3"
    if given["region"] and (given["password"] or not given["project_id"]):
        raise InvalidInput(_unknown_region("auth_url", given["region"]))
    return ""


def _endpoint(given, way, allow_http):
    if given["endpoint"]:
        return service_root(check_transport("endpoint", given["endpoint"], allow_http))
    if way == "password":
        return ""
    if not given["region"]:
        raise InvalidInput("endpoint or region is missing; one of them tells where the service is.")
    if given["region"] not in REGIONS_WITH_KNOWN_ENDPOINTS:
        raise InvalidInput(_unknown_region("endpoint", given["region"]))
    return regional_endpoint(given["region"])


def regional_endpoint(region: str) -> str:
    """Return the documented address of the service in a region, "" for a region without a documented one."""
    return f"https://dli.{region}.otc.t-systems.com" if region in REGIONS_WITH_KNOWN_ENDPOINTS else ""


def service_root(url: str) -> str:
    """Return the part of a DLI address in front of its version: catalogs list it with version and project."""
    return url.partition("/v1.0")[0].partition("/v3")[0].rstrip("/")


def _unknown_region(option, region):
    known = " and ".join(REGIONS_WITH_KNOWN_ENDPOINTS)
    return f"{option} is missing; addresses are known only for the regions {known}, not for {quoted(region)}."


def check_transport(source: str, url: str, allow_http: bool) -> str:
    """Return an address that credentials may be sent to, without slashes at its end.

    :param source: the option that the address comes from, or other words that say so; begins the message.
    :raises InvalidInput: it is no plain http or https URL, or it is plain http to another host and not allowed.
    """
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or any(not "!" <= char <= "~" or char in "@?#\\" for char in url):
        # Not quoted: there may be a password in it.
        raise InvalidInput(f"{source} must be an http or https URL of host, port and path, without user and password.")
    if parts.scheme == "http" and not allow_http and not _is_loopback(parts.hostname):
        raise InvalidInput(
            f"{source} is {quoted(url, _LONGEST_ADDRESS)}, but credentials are sent over plain http only to localhost, "
            "127.0.0.0/8 and ::1; use https, or set allow_http to true."
        )
    return url.rstrip("/")


def _is_loopback(host):
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _LOOPBACK)
