# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the authentication options to one complete, contradiction-free set of credentials. No request is sent here."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from .._errors import InvalidInput
from .._text import quoted

# Each option, and the variables of the environment that stand in for it; the first one that is set counts.
ENVIRONMENT = {
    "auth_url": ("OS_AUTH_URL",),
    "username": ("OS_USERNAME",),
    "user_id": ("OS_USER_ID",),
    "password": ("OS_PASSWORD",),
    "user_domain_name": ("OS_USER_DOMAIN_NAME", "OS_DOMAIN_NAME"),
    "user_domain_id": ("OS_USER_DOMAIN_ID", "OS_DOMAIN_ID"),
    "passcode": ("OS_PASSCODE",),
    "agency_name": ("OS_AGENCY_NAME",),
    "agency_domain_name": ("OS_AGENCY_DOMAIN_NAME",),
    "project_id": ("OS_PROJECT_ID", "OS_TENANT_ID"),
    "project_name": ("OS_PROJECT_NAME", "OS_TENANT_NAME"),
    "region": ("OS_REGION_NAME",),
    "token": ("OS_TOKEN", "OS_AUTH_TOKEN"),
    "access_key": ("OS_ACCESS_KEY",),
    "secret_key": ("OS_SECRET_KEY",),
    "security_token": ("OS_SECURITY_TOKEN",),
    "cloud": ("OS_CLOUD",),
    "endpoint": ("OS_DLI_ENDPOINT_OVERRIDE",),
    "ca_cert": ("OS_CACERT",),
}
# The project of an agency, as the vendor's Terraform provider names it: those of the user are others.
_DELEGATED_PROJECT = "OS_DELEGATED_PROJECT"
SECRET_OPTIONS = ("password", "passcode", "token", "access_key", "secret_key", "security_token")

# Each way to authenticate with the options that belong to it alone. A way is chosen by giving its first option.
WAYS = {
    "cloud": ("cloud",),
    "token": ("token",),
    "password": ("password", "username", "user_id", "passcode"),
    "access key": ("secret_key", "access_key", "security_token"),
}
# Options that come from one source together. Joined from two, they mean a project that nobody has named, or send the
# credentials of one account to the address of another.
_DOMAIN = ("user_domain_name", "user_domain_id")
_AGENCY = ("agency_name", "agency_domain_name")
_PROJECT = ("project_id", "project_name")
_ADDRESS = ("region", "auth_url", "endpoint")
_IDENTITY = (*(option for options in WAYS.values() for option in options), *_DOMAIN, *_AGENCY)
# Only these regions share the domain of the documented endpoints; any other needs explicit URLs.
REGIONS_WITH_KNOWN_ENDPOINTS = ("eu-de", "eu-nl")
# Documented in the API reference, page "Listing Jobs".
_PROJECT_ID = re.compile(r"[A-Za-z0-9]{1,64}")
# As ids are in every example of the API reference; a path's other segments are not like that.
_USUAL_PROJECT_ID = re.compile(r"[0-9a-f]{32}")
_VERSIONS = ("v1.0", "v3")
_PASSCODE = re.compile(r"[0-9]{6}")
# Of an address the end can be what distinguishes it from others.
LONGEST_ADDRESS = 255
# What never leaves the host. Other names than localhost are not resolved: what they mean is up to others.
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


class Credentials(NamedTuple):
    """How to reach and convince the service; "" stands for what was not given.

    Where it says C(allow_http), credentials may go over plain http to any host.

    Exactly one of C(token), C(password) and C(secret_key) is set. C(endpoint) is "" only with a password or an agency,
    and then the token's catalog has it. One of C(project_id) and C(project_name) is set, which is that of the agency
    where there is one.
    """

    auth_url: str = ""
    endpoint: str = ""
    region: str = ""
    project_id: str = ""
    project_name: str = ""
    username: str = ""
    user_id: str = ""
    password: str = ""
    user_domain_name: str = ""
    user_domain_id: str = ""
    passcode: str = ""
    agency_name: str = ""
    agency_domain_name: str = ""
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


_AS_GIVEN = [name for name in Credentials._fields if name in ENVIRONMENT.keys() - {"auth_url", "endpoint"}]


def environment_secrets(environ: Mapping) -> set[str]:
    """Return what the environment has that must appear in no output, whether a task uses it or not."""
    return {environ.get(variable, "") for name in SECRET_OPTIONS for variable in ENVIRONMENT[name]} - {""}


def resolve_credentials(params: dict, environ: Mapping, load_cloud) -> Credentials:
    """Choose the one way to authenticate that the options describe.

    Credentials, project and address come each from the task where it gives any part of them, else from the cloud, else
    from the environment. A shell that has loaded other credentials does not contradict a task that brings its own, nor
    does it complete them. A passcode alone may come from elsewhere than its password: it counts for less than a minute.

    :param params: the options that the task gives. None and "" both mean not given; for "" the environment does not
        stand in.
    :param environ: the process environment.
    :param load_cloud: callable that takes the name of a cloud of C(clouds.yaml) and of one of its regions, "" for the
        one that the file prefers, and returns its settings as a dict of options, with C(validate_certs).
    :raises InvalidInput: credentials are missing, incomplete or contradictory.
    """
    task = {name: params.get(name) or "" for name in ENVIRONMENT}
    env = {name: "" if params.get(name) == "" else _from_environment(name, environ) for name in ENVIRONMENT}
    verify = params.get("validate_certs")
    way, owner = _chosen_way(task, env)
    rest, names_cloud = env, False
    if way == "cloud":
        # The file belongs to whoever names the cloud.
        name, names_cloud = owner["cloud"], owner is task
        cloud = load_cloud(name, task["region"] or owner["region"])
        verify = cloud.get("validate_certs") if verify is None else verify
        file = {option: cloud.get(option) or "" for option in ENVIRONMENT}
        way, owner = _way_of_cloud(name, file), _with_passcode_of(env, file)
        if task["passcode"] and way != "password":
            raise InvalidInput(
                f"passcode is given, but goes only with a password, and cloud {quoted(name)} has {WAYS[way][0]} "
                "instead."
            )
        rest = file if names_cloud else _completed(file, env)
    is_joined = names_cloud or _may_be_joined(task, rest, brings_identity=owner is task)
    given = {
        **dict.fromkeys(_IDENTITY, ""),
        **{option: owner[option] for option in WAYS[way]},
        "passcode": (task["passcode"] or owner["passcode"]) if way == "password" else "",
        **_first_given(_DOMAIN, task, owner),
        **_first_given(_AGENCY, task, owner),
        **_first_given(_PROJECT, task, _project_source(task, owner, env, rest, environ.get(_DELEGATED_PROJECT))),
        **{option: task[option] or (rest[option] if is_joined else "") for option in _ADDRESS},
        # Whom to trust is a matter of the host, whoever says where to go.
        "ca_cert": task["ca_cert"] or rest["ca_cert"] or env["ca_cert"],
    }
    left_out = _left_out(task, env, given)
    _check_complete(way, given, left_out)
    _check_sendable(given)
    allow_http = params.get("allow_http", False)
    return Credentials(
        auth_url=_auth_url(given, allow_http, left_out),
        endpoint=_endpoint(given, way, allow_http, left_out),
        # Only who says so does without.
        verify=_verify(given["ca_cert"]) if verify is None or verify else False,
        allow_http=allow_http,
        **{name: given[name] for name in _AS_GIVEN},
    )


def _from_environment(name, environ):
    return next((environ[variable] for variable in ENVIRONMENT[name] if environ.get(variable)), "")


def _first_given(group, *sources):
    """Return a group of options from the first source that gives any of them."""
    found = [source for source in sources if any(source.get(option) for option in group)]
    return {option: found[0].get(option, "") if found else "" for option in group}


def _with_passcode_of(env, file):
    """Return a cloud with the passcode of the environment where it has none; IAM takes one only with a user's id."""
    return {**file, "passcode": file["passcode"] or (env["passcode"] if file["user_id"] else "")}


def _project_source(task, owner, env, rest, delegated_project):
    """Return what says the project where the task does not: a project of the user is none of an agency's."""
    if any(task[option] for option in _AGENCY):
        return {}
    if owner is env and env["agency_name"] and delegated_project:
        return {"project_name": delegated_project}
    return rest


def _completed(file, env):
    """Return what a cloud says of project and address, completed by the environment that names the cloud."""
    together = {option: file[option] or env[option] for option in (*_ADDRESS, "ca_cert")}
    return {**together, **_first_given(_PROJECT, file, env)}


def _may_be_joined(task, rest, brings_identity):
    """Whether the parts of the address that the task leaves out may come from elsewhere."""
    # IAM's address goes with the credentials.
    if task["auth_url"] or (task["endpoint"] and brings_identity):
        return False
    return task["region"] in ("", rest["region"])


def _left_out(task, env, given):
    """Return the option of the task because of which a variable is not used, by the option that it is for."""
    causes = {}
    for group in (_IDENTITY, _PROJECT, _ADDRESS):
        causing = (*group, *_AGENCY) if group is _PROJECT else group
        cause = next((option for option in causing if task[option]), "cloud" if task["cloud"] else "")
        if cause:
            causes.update({option: cause for option in group if env[option] and not given.get(option)})
    return causes


def _unused(left_out, *options):
    """Return the end of a sentence that says why a variable is not used for any of some options; "" if none is set."""
    for option in options:
        if option in left_out:
            names = " or ".join(ENVIRONMENT[option])
            return f" ({names} of the environment is not used, because the task gives {left_out[option]})"
    return ""


def _described(source, *, may_hold_obs_keys):
    ways = [way for way, options in WAYS.items() if source[options[0]]]
    if may_hold_obs_keys and "password" in ways and "access key" in ways:
        # The vendor's own pages put the keys for OBS beside the password.
        ways.remove("access key")
    return ways


def _chosen_way(task, env):
    """Return a tuple of the way to authenticate and of the source that describes it."""
    for source in (task, env):
        ways = _described(source, may_hold_obs_keys=source is env)
        if len(ways) > 1:
            names = " and ".join(WAYS[way][0] for way in ways)
            origin = ", taken from the environment," if source is env else ""
            raise InvalidInput(f"{names}{origin} are different ways to authenticate; give only one of them.")
        if ways:
            if source is task:
                _check_all_used(ways[0], task)
            return ways[0], source
        # Without its secret a way is not described, but half a pair shows which one was meant.
        for options in WAYS.values():
            secret = options[0]
            for option in options[1:]:
                joins = option == "passcode" and source is task and (env["password"] or env["cloud"])
                if source[option] and not joins:
                    unused = _unused(_left_out(task, env, task), secret)
                    raise InvalidInput(f"{option} is given without {secret}; both are needed to authenticate{unused}.")
    raise InvalidInput(
        "No credentials are given; set token, or username and password, or access_key and secret_key, or cloud, "
        "as options or in the environment (OS_TOKEN, OS_USERNAME and OS_PASSWORD, OS_ACCESS_KEY and OS_SECRET_KEY, "
        "OS_CLOUD)."
    )


def _check_all_used(way, task):
    used = (*WAYS[way], "passcode") if way == "cloud" else WAYS[way]
    for option in (option for options in WAYS.values() for option in options if option not in used):
        if task[option]:
            raise InvalidInput(
                f"{option} is given with {WAYS[way][0]}, but belongs to another way to authenticate; give only one of "
                "them."
            )


def _way_of_cloud(name, file):
    ways = _described(file, may_hold_obs_keys=True)
    if len(ways) != 1:
        found = "none" if not ways else " and ".join(WAYS[way][0] for way in ways)
        raise InvalidInput(
            f"cloud {quoted(name)} must have one of token, password and secret_key in clouds.yaml, not {found}."
        )
    return ways[0]


def _check_complete(way, given, left_out):
    secret = WAYS[way][0]
    for option in WAYS[way][1:2]:
        if not given[option] and not given["user_id"]:
            unused = _unused(left_out, option, "user_id")
            raise InvalidInput(f"{option} is missing; {secret} and {option} are needed together{unused}.")
    if given["passcode"] and not given["user_id"]:
        raise InvalidInput(f"user_id is missing; passcode needs the id of the user{_unused(left_out, 'user_id')}.")
    _check_agency(way, given, left_out)
    needs_domain = way == "password" and (given["agency_name"] or not (given["user_id"] and given["project_id"]))
    if needs_domain and not any(given[option] for option in _DOMAIN):
        by_id = "agency_name needs" if given["agency_name"] else "project_name needs"
        user = by_id if given["user_id"] else "username and password need"
        unused = _unused(left_out, *_DOMAIN)
        raise InvalidInput(
            f"user_domain_name is missing; {user} the domain that the user belongs to, by its name, its user_domain_id,"
            f" or by {_variables(*_DOMAIN)} in the environment{unused}."
        )
    if not given["project_id"] and not given["project_name"]:
        unused = _unused(left_out, *_PROJECT)
        raise InvalidInput(
            "project_id or project_name is missing; a Flink job belongs to a project, which the environment can name "
            f"as {_variables(*_PROJECT)}{unused}."
        )
    if way == "password" or given["agency_name"] or not given["project_id"]:
        if not given["auth_url"] and not given["region"]:
            need = "agency_name" if given["agency_name"] else "project_name"
            need = "username and password" if way == "password" else need
            unused = _unused(left_out, "auth_url", "region")
            raise InvalidInput(f"auth_url or region is missing; {need} cannot be used without IAM's address{unused}.")


def _check_agency(way, given, left_out):
    for option, other in (_AGENCY, _AGENCY[::-1]):
        if given[option] and not given[other]:
            raise InvalidInput(
                f"{other} is missing; an agency is known by its name and by the domain that has created "
                f"it{_unused(left_out, other)}."
            )
    if given["agency_name"] and way == "access key":
        raise InvalidInput(
            "agency_name is given with secret_key, but only a token or a password can act for an agency; a temporary "
            "access key of the agency needs no agency_name."
        )


def _variables(*options):
    """Return the variables of the environment that stand in for some options."""
    names = [name for option in options for name in ENVIRONMENT[option]]
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _check_sendable(given):
    # A line break is easily pasted with a token, and no header can carry it.
    for option in ("token", "access_key", "security_token"):
        if any(not "!" <= char <= "~" for char in given[option]):
            raise InvalidInput(f"{option} holds a space, line break or other character that it cannot have.")
    # These can have spaces and letters of any language, but a value from a file easily comes with its line break.
    for option in ("username", "user_id", "password", *_DOMAIN, *_AGENCY, "project_name", "secret_key"):
        if not given[option].isprintable():
            raise InvalidInput(f"{option} holds a line break or other character that cannot be printed.")
    if given["passcode"] and not _PASSCODE.fullmatch(given["passcode"]):
        raise InvalidInput("passcode must be the 6 digits that the MFA device shows, in quotes.")
    if given["project_id"] and not is_project_id(given["project_id"]):
        raise InvalidInput("project_id must be 1 to 64 letters and digits.")


def is_project_id(value) -> bool:
    """Whether a value of any type has the documented form of a project's id."""
    return isinstance(value, str) and bool(_PROJECT_ID.fullmatch(value))


def _verify(ca_cert):
    # Ansible has done so for the option, but nothing has for the environment.
    ca_cert = os.path.expanduser(os.path.expandvars(ca_cert))
    if ca_cert and not os.path.exists(ca_cert):
        raise InvalidInput(f"ca_cert is {quoted(ca_cert, LONGEST_ADDRESS)}, but there is no such file.")
    return ca_cert or True


def _auth_url(given, allow_http, left_out):
    if given["auth_url"]:
        url = check_transport("auth_url", given["auth_url"], allow_http)
        return url if urlsplit(url).path.endswith("/v3") else url + "/v3"
    if given["region"] in REGIONS_WITH_KNOWN_ENDPOINTS:
        return f"https://iam.{given['region']}.otc.t-systems.com/v3"
    if given["region"] and (given["password"] or given["agency_name"] or not given["project_id"]):
        raise InvalidInput(_unknown_region("auth_url", given["region"], left_out))
    return ""


def _endpoint(given, way, allow_http, left_out):
    if given["endpoint"]:
        return service_root(check_transport("endpoint", given["endpoint"], allow_http), given["project_id"])
    if way == "password" or given["agency_name"]:
        return ""
    if not given["region"]:
        unused = _unused(left_out, "endpoint", "region")
        raise InvalidInput(f"endpoint or region is missing; one of them says where the service is{unused}.")
    if given["region"] not in REGIONS_WITH_KNOWN_ENDPOINTS:
        raise InvalidInput(_unknown_region("endpoint", given["region"], left_out))
    return regional_endpoint(given["region"])


def regional_endpoint(region: str) -> str:
    """Return the documented address of the service in a region, "" for a region without a documented one."""
    return f"https://dli.{region}.otc.t-systems.com" if region in REGIONS_WITH_KNOWN_ENDPOINTS else ""


def service_root(url: str, project_id: str = "") -> str:
    """Return the part of a DLI address in front of its version: catalogs list it with version and project.

    :param url: without a slash at its end.
    :param project_id: the project that may be at its end, where it is known.
    """
    # Whole segments at the end of the path alone: a host or a gateway's path may be named like a version too.
    segments = urlsplit(url).path.split("/")[1:]
    of_project = bool(segments) and (segments[-1] == project_id or bool(_USUAL_PROJECT_ID.fullmatch(segments[-1])))
    end = len(segments) - of_project
    if not end or segments[end - 1] not in _VERSIONS:
        return url
    return url.removesuffix("/".join(["", *segments[end - 1 :]])).rstrip("/")


def _unknown_region(option, region, left_out):
    known = " and ".join(REGIONS_WITH_KNOWN_ENDPOINTS)
    return (
        f"{option} is missing; addresses are known only for the regions {known}, not for {quoted(region)}"
        f"{_unused(left_out, option)}."
    )


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
            f"{source} is {quoted(url, LONGEST_ADDRESS)}, but credentials are sent over plain http only to localhost, "
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
