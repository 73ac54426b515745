# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a named cloud of C(clouds.yaml) with openstacksdk's own loader, imported only when a task names a cloud."""

from __future__ import annotations

import os
import traceback

from .._errors import InvalidInput, MissingLibrary
from .._text import printable, quoted

# What is text, by the names that the file can have for it.
_TEXTS = (
    *("auth_url", "username", "user_id", "password", "passcode", "agency_name", "agency_domain_name", "token"),
    *("auth_token", "user_domain_name", "user_domain_id", "domain_name", "domain_id", "project_name", "project_id"),
    *("tenant_name", "tenant_id", "ak", "sk", "access_key", "secret_key", "security_token", "region_name"),
    *("dli_endpoint_override", "cacert"),
)


def load_cloud(name: str, region: str = "") -> dict:
    """Return the settings of a cloud as a dict with the names of our options.

    :param region: one of the cloud's regions, which can have settings of its own; "" for the first one.
    :raises MissingLibrary: when openstacksdk is not installed.
    :raises InvalidInput: when the cloud is not in the files that openstacksdk reads, or the files are broken, or YAML
        has read a text as something else.
    """
    try:
        from openstack.config import OpenStackConfig, loader
        from openstack.exceptions import ConfigException
    except ImportError as exc:
        raise MissingLibrary("openstacksdk", "for the option cloud", cause=traceback.format_exc()) from exc
    as_read: list[dict] = []

    class Config(OpenStackConfig):
        def magic_fixes(self, config):
            # The last one to see numbers as numbers: later they are strings, maybe of other digits than in the file.
            as_read.extend((dict(config), dict(config["auth"])))
            return super().magic_fixes(config)

    # The environment is our options' fallback already; read again here it could mix two identities. That leaves out
    # the two variables that only say where the files are.
    files = {
        "config_files": _files("OS_CLIENT_CONFIG_FILE", loader.CONFIG_FILES),
        "secure_files": _files("OS_CLIENT_SECURE_FILE", loader.SECURE_FILES),
    }
    not_read = f"cloud {printable(name)} could not be read from clouds.yaml"
    try:
        # Not validated: keystone's own plugins know no access keys.
        config = Config(load_envvars=False, **files).get_one(cloud=name, region_name=region, validate=False).config
        auth = dict(config.get("auth", {}))
    except ConfigException as exc:
        raise InvalidInput(f"{not_read}: {printable(exc)}") from exc
    except Exception as exc:  # pylint: disable=broad-except # whatever a loader trips over in a file of the user's
        problem = f"the file is not as it should be ({type(exc).__name__})"
        raise InvalidInput(f"{not_read}: {problem}.") from exc
    for section in as_read:
        _check_texts(name, section)
    # The vendor's page puts keys beside auth. They are for OBS alone where auth has credentials.
    keys = auth if any(auth.get(name) for name in ("token", "password", "sk", "secret_key")) else config
    return {
        "auth_url": auth.get("auth_url"),
        "username": auth.get("username"),
        "user_id": auth.get("user_id"),
        "password": auth.get("password"),
        "user_domain_name": auth.get("user_domain_name") or auth.get("domain_name"),
        "user_domain_id": auth.get("user_domain_id") or auth.get("domain_id"),
        "passcode": auth.get("passcode"),
        "agency_name": auth.get("agency_name"),
        "agency_domain_name": auth.get("agency_domain_name"),
        "project_id": auth.get("project_id"),
        "project_name": auth.get("project_name"),
        "token": auth.get("token"),
        # otcextensions' spelling first, then ours.
        "access_key": keys.get("ak") or keys.get("access_key"),
        "secret_key": keys.get("sk") or keys.get("secret_key"),
        "security_token": keys.get("security_token"),
        "region": config.get("region_name"),
        "endpoint": config.get("dli_endpoint_override"),
        "ca_cert": config.get("cacert"),
        "validate_certs": config.get("verify"),
    }


def _check_texts(name, section):
    for key, value in section.items():
        option = str(key).replace("-", "_")
        if option in _TEXTS and value is not None and not isinstance(value, str):
            raise InvalidInput(
                f"cloud {quoted(name)} has {option} in clouds.yaml, but not as a string; put it in quotes."
            )


def _files(variable, usual):
    """Return where to search for a file, as openstacksdk does: first where the environment says, then as usual."""
    return [os.environ[variable], *usual] if os.environ.get(variable) else list(usual)
