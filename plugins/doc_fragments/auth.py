# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  cloud:
    description:
      - Name of a cloud in C(clouds.yaml), which then tells address, credentials and project. Needs the Python library
        openstacksdk on the host that runs the module.
      - Other options that the task gives, such as O(region) or O(project_id), win over the file, and the file wins over
        the environment.
      - Falls back to the environment variable E(OS_CLOUD).
    type: str
  token:
    description:
      - A token that IAM has issued for the project.
      - Falls back to the environment variable E(OS_TOKEN).
    type: str
  username:
    description:
      - Name of an IAM user, with O(password) and O(user_domain_name).
      - Falls back to the environment variable E(OS_USERNAME).
    type: str
    aliases: [user]
  password:
    description:
      - Password of the user.
      - Falls back to the environment variable E(OS_PASSWORD).
    type: str
  user_domain_name:
    description:
      - Name of the domain that the user belongs to.
      - Falls back to the environment variable E(OS_USER_DOMAIN_NAME).
    type: str
    aliases: [domain_name]
  access_key:
    description:
      - Access key id (AK), with O(secret_key). Requests are signed with it.
      - Falls back to the environment variable E(OS_ACCESS_KEY).
    type: str
    aliases: [ak]
  secret_key:
    description:
      - Secret access key (SK).
      - Falls back to the environment variable E(OS_SECRET_KEY).
    type: str
    aliases: [sk]
  security_token:
    description:
      - The token that goes with temporary keys.
      - Falls back to the environment variable E(OS_SECURITY_TOKEN).
    type: str
  project_id:
    description:
      - Id of the project that the jobs belong to. With it, tokens and keys need no request to IAM.
      - Falls back to the environment variable E(OS_PROJECT_ID).
    type: str
  project_name:
    description:
      - Name of the project, to look up its id with.
      - Falls back to the environment variable E(OS_PROJECT_NAME).
    type: str
  region:
    description:
      - Region, such as V(eu-de). Tells the addresses of the service and of IAM in V(eu-de) and V(eu-nl); other regions
        need O(endpoint) and O(auth_url).
      - Falls back to the environment variable E(OS_REGION_NAME).
    type: str
    aliases: [region_name]
  auth_url:
    description:
      - Address of IAM, such as V(https://iam.eu-de.otc.t-systems.com/v3).
      - Falls back to the environment variable E(OS_AUTH_URL).
    type: str
    aliases: [iam_url]
  endpoint:
    description:
      - Address of the service, such as V(https://dli.eu-de.otc.t-systems.com). Left out, the catalog of a token got
        with O(password) tells it, or else O(region).
      - Falls back to the environment variable E(OS_DLI_ENDPOINT_OVERRIDE).
    type: str
    aliases: [dli_endpoint]
  ca_cert:
    description:
      - Path to a file with the certificate authorities to trust, instead of the system's.
      - Falls back to the environment variable E(OS_CACERT).
    type: path
    aliases: [cacert]
  validate_certs:
    description:
      - Whether to verify the certificates of IAM and the service.
      - Left out, they are verified, unless the cloud of O(cloud) says C(verify) false.
    type: bool
  allow_http:
    description:
      - Whether credentials may be sent over plain http to another host, where anybody on the way can read them. To
        V(localhost), V(127.0.0.0/8) and V(::1) they always may.
      - It holds for O(endpoint), O(auth_url), what C(clouds.yaml) says of both, and the address of the service in the
        catalog of IAM. Without it such an address is an error, before anything is sent to it.
    type: bool
    default: false
  timeout:
    description:
      - How long to wait for the whole answer to one request, in seconds, at most 86400.
    type: float
    default: 60.0
  retry_timeout:
    description:
      - How long to go on at most with repeating one request that fails for a reason that may pass, such as a lost
        connection, an overloaded service or a gateway's time-out, in seconds. V(0) repeats none.
      - Writes are repeated only when they cannot have been carried out, or when the job shows that they were not.
    type: float
    default: 60.0
requirements:
  - requests
  - openstacksdk (only for O(cloud))
notes:
  - Give one way to authenticate. What the task gives wins over what the environment offers; two ways from the same
    source are an error.
"""
