# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  entrypoint:
    description:
      - The JAR file with the main class.
      - An V(obs://) path, or the name of a package uploaded to DLI. With Flink 1.15 the service advises against such
        packages, and later versions take packages only from OBS.
    type: str
  main_class:
    description:
      - The main class. If a new job leaves it out, the manifest of the JAR decides.
    type: str
  entrypoint_args:
    description:
      - Arguments of the main class, separated by spaces. Line breaks count as spaces.
    type: str
  secret_entrypoint_args:
    description:
      - Further arguments, which are never shown. They are appended to O(entrypoint_args). The two make one field of the
        job, so a task that gives either of them manages both.
    type: str
  dependency_jars:
    description:
      - Additional JAR files, in the order of the class path.
    type: list
    elements: str
  dependency_files:
    description:
      - Additional files for the job.
    type: list
    elements: str
  feature:
    description:
      - Whether the job runs on the service's own Flink image (V(basic)) or on O(image) (V(custom)).
      - The public API reference does not list it as writable; it is known from the vendor's clients.
    type: str
    choices: [basic, custom]
  flink_version:
    description:
      - Flink version, in quotes, such as V("1.15"). Only with O(feature=basic).
      - The public API reference does not list it as writable; it is known from the vendor's clients.
    type: str
  image:
    description:
      - Image as C(organisation/name:version). Only with O(feature=custom).
      - The public API reference does not list it as writable; it is known from the vendor's clients.
    type: str
  checkpoint_path:
    description:
      - Path for checkpoints that the JAR itself configures. No other job may have the same path.
      - With O(checkpoint_enabled=true) the service chooses the path.
    type: str
"""
