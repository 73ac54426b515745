# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  cloud:
    description:
      - Name of a cloud in C(clouds.yaml), which then provides address, credentials and project. Needs the Python
        library openstacksdk on the host that runs the module.
      - Other options that the task gives, such as O(project_id), take precedence over the file. O(region) selects one
        of the cloud's regions. Other environment variables complete the cloud only if E(OS_CLOUD) names it.
      - Falls back to the environment variable E(OS_CLOUD).
    type: str
  token:
    description:
      - A token that IAM has issued for the project.
      - Falls back to the environment variables E(OS_TOKEN) and E(OS_AUTH_TOKEN).
    type: str
  username:
    description:
      - Name of an IAM user. Needs O(password) and O(user_domain_name) too.
      - Falls back to the environment variable E(OS_USERNAME).
    type: str
    aliases: [user]
  user_id:
    description:
      - Id of an IAM user, instead of O(username).
      - Falls back to the environment variable E(OS_USER_ID).
    type: str
  password:
    description:
      - Password of the user.
      - Falls back to the environment variable E(OS_PASSWORD).
    type: str
  user_domain_name:
    description:
      - Name of the user's domain.
      - Falls back to the environment variables E(OS_USER_DOMAIN_NAME) and E(OS_DOMAIN_NAME).
    type: str
    aliases: [domain_name]
  user_domain_id:
    description:
      - Id of the user's domain, instead of O(user_domain_name).
      - Falls back to the environment variables E(OS_USER_DOMAIN_ID) and E(OS_DOMAIN_ID).
    type: str
  passcode:
    description:
      - The 6 digits that a virtual MFA device shows, in quotes. Needs O(password) and O(user_id) too.
      - A passcode counts once and for less than a minute, so it is for one task.
      - Falls back to the environment variable E(OS_PASSCODE).
    type: str
  agency_name:
    description:
      - Name of an agency to act for. Another domain has created it to delegate its project to the user's domain.
      - Needs O(agency_domain_name), and O(password) or O(token) of a user that may act for agencies (Agent Operator).
        O(project_id) or O(project_name) is the delegated project then.
      - Falls back to the environment variable E(OS_AGENCY_NAME).
    type: str
  agency_domain_name:
    description:
      - Name of the domain that has created the agency.
      - Falls back to the environment variable E(OS_AGENCY_DOMAIN_NAME).
    type: str
  access_key:
    description:
      - Access key id (AK). Needs O(secret_key) too. Requests are signed with both.
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
      - Security token of a temporary access key.
      - Falls back to the environment variable E(OS_SECURITY_TOKEN).
    type: str
  project_id:
    description:
      - Id of the project that the jobs belong to. With it, tokens and keys need no request to IAM.
      - Falls back to the environment variables E(OS_PROJECT_ID) and E(OS_TENANT_ID).
    type: str
  project_name:
    description:
      - Name of the project. The module asks IAM for its id.
      - Falls back to the environment variables E(OS_PROJECT_NAME) and E(OS_TENANT_NAME). Where E(OS_AGENCY_NAME) is
        set, E(OS_DELEGATED_PROJECT) takes precedence over all variables of a project.
    type: str
  region:
    description:
      - Region, such as V(eu-de). The addresses of the service and of IAM follow from it in V(eu-de) and V(eu-nl). Other
        regions need O(endpoint) and O(auth_url).
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
      - Address of the service, such as V(https://dli.eu-de.otc.t-systems.com). Left out, it comes from the catalog of a
        token that was issued for O(password), or else from O(region).
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
      - Left out, they are verified, unless C(verify) is false for O(cloud).
    type: bool
  allow_http:
    description:
      - Whether credentials may be sent over plain http to another host, where anybody on the way can read them. They
        may always be sent to V(localhost), V(127.0.0.0/8) and V(::1).
      - This applies to O(endpoint), O(auth_url), both addresses in C(clouds.yaml), and the address of the service in
        the catalog of IAM. With V(false), such an address is an error before anything is sent to it.
    type: bool
    default: false
  timeout:
    description:
      - How long to wait for the whole response to one request, in seconds, at most 86400.
    type: float
    default: 60.0
  retry_timeout:
    description:
      - How long to repeat one request that fails for a temporary reason, in seconds. Such reasons are a lost
        connection, an overloaded service or a gateway's time-out. With V(0) no request is repeated.
      - A write is repeated only if it cannot have been carried out, or if the job shows that it was not.
    type: float
    default: 60.0
requirements:
  - requests
  - openstacksdk (only for O(cloud))
notes:
  - Give one way to authenticate. Two ways in a task are an error. In the environment and in C(clouds.yaml), access keys
    beside a password count as keys for OBS.
  - The credentials, the project (O(project_id), O(project_name)) and the addresses (O(region), O(auth_url),
    O(endpoint)) each come from the task alone as soon as it gives one of them. The environment neither overrides nor
    completes them. Addresses from the environment are used only for the region of E(OS_REGION_NAME).
"""
