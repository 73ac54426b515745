# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description:
      - Name of the job, 1 to 57 letters, digits, underscores and hyphens. Names are unique in the service.
      - With O(job_id) too, the module renames the job to this name.
    type: str
    aliases: [job_name]
  job_id:
    description:
      - Id of an existing job, instead of its name.
    type: int
    aliases: [id]
  desc:
    description:
      - Description, at most 2048 characters.
    type: str
    aliases: [description]
  queue_name:
    description:
      - Queue that the job runs on, at most 128 characters.
    type: str
    aliases: [queue]
  execution_agency_urn:
    description:
      - Agency that lets the job use other services. Without one, a job on Flink 1.15 or later has no place for
        checkpoints, savepoints and logs.
    type: str
    aliases: [agency]
  cu_number:
    description:
      - CUs for the whole job, 2 to 10000. The API reference allows 400 at most, the user guide 10000.
      - The service's default is 2.
    type: int
    aliases: [cu_num]
  manager_cu_number:
    description:
      - CUs for the JobManager. The service's default is 1.
    type: int
    aliases: [manager_cu_num]
  parallel_number:
    description:
      - Parallelism of the job, 1 to 2000. It is at most 4 * (O(cu_number) - O(manager_cu_number)). The
        service's default is 1.
    type: int
    aliases: [parallel_num, parallelism]
  tm_cus:
    description:
      - CUs for each TaskManager. The service's default is 1.
    type: int
    aliases: [tm_cu_num]
  tm_slot_num:
    description:
      - Slots of each TaskManager. If a new job leaves it out, the service computes it.
    type: int
  resource_config_version:
    description:
      - How the job is sized. V(v1) sizes it by CUs, on Flink 1.12, 1.13 and 1.15. V(v2) sizes it by
        O(resource_config), on Flink 1.13, 1.15 and 1.17. The service's default is V(v1).
    type: str
    choices: [v1, v2]
  resource_config:
    description:
      - Size of a job with O(resource_config_version=v2). A part that is left out is not managed.
    type: dict
    suboptions:
      max_slot:
        description:
          - Slots of each TaskManager, at least 1.
        type: int
      parallel_number:
        description:
          - Parallelism of the job, at least 1.
        type: int
      jobmanager_resource_spec:
        description:
          - Resources of the JobManager.
        type: dict
        suboptions:
          cpu:
            description:
              - Cores, at least 0.5.
            type: float
          memory:
            description:
              - Memory with its unit, such as V(4 GB) or V(4096 MB), at least 2 GB. A number without a unit is in GB.
            type: str
      taskmanager_resource_spec:
        description:
          - Resources of each TaskManager.
        type: dict
        suboptions:
          cpu:
            description:
              - Cores, at least 0.5.
            type: float
          memory:
            description:
              - Memory with its unit, such as V(4 GB) or V(4096 MB), at least 2 GB. A number without a unit is in GB.
            type: str
  checkpoint_enabled:
    description:
      - Whether the service takes checkpoints of the job by itself.
    type: bool
  checkpoint_mode:
    description:
      - Guarantee of the checkpoints. The service's default is V(exactly_once).
    type: str
    choices: [exactly_once, at_least_once]
  checkpoint_interval:
    description:
      - Seconds between checkpoints, 1 to 3600. The service's default is documented as 10, but new jobs have been seen
        with 30.
    type: int
  log_enabled:
    description:
      - Whether the job's logs are kept in O(obs_bucket).
    type: bool
  obs_bucket:
    description:
      - Bucket for logs, checkpoints and savepoints. C(obs://) before its name is left out.
    type: str
  smn_topic:
    description:
      - Topic of the notification service (SMN) for messages about a failure of the job.
    type: str
  restart_when_exception:
    description:
      - Whether the service restarts the job when it fails.
    type: bool
  resume_checkpoint:
    description:
      - Whether such a restart resumes from the latest checkpoint.
    type: bool
  resume_max_num:
    description:
      - Maximum number of such restarts in an hour. V(-1), the service's default, means no limit.
    type: int
  runtime_config:
    description:
      - Flink settings of the job, as a dictionary, or as a string of C(key=value) lines or of JSON.
      - A dictionary is sent as a JSON list of keys and values. A string is sent as it is. Both are compared by keys and
        values.
    type: raw
  flink_log_config:
    description:
      - Log levels of the job, as a dictionary or a string of JSON. It is compared as JSON.
      - It is known from the vendor's SDK, and the service's documentation does not list it. Its keys are those that the
        service takes.
    type: json
  tags:
    description:
      - Tags of the job, at most 20. A key has at most 128 characters, and a value at most 255. The API reference also
        says 36 for a key, and 43 for a value.
      - The job has exactly these tags afterwards. Others are removed, and V({}) removes all. Tags of the service
        itself, whose keys start with C(_sys_), are left alone. If the option is left out, tags are neither read nor
        changed.
      - A change of tags neither stops nor restarts a job. It comes last, so that an upgrade which is rolled back has
        not changed them.
    type: dict
"""
