# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A double of AWX's REST API: what playbooks/awx_setup.yml needs of it, and a judge of what is sent.

Fields and rules are those of AWX 24.6 (serializers, fields of credential types, view of surveys). It is stricter in one
thing: a field that AWX does not have is an error here, where AWX ignores it.
"""

from __future__ import annotations

import copy
import json
import re
from types import TracebackType
from typing import Any

from flask import Flask, abort, request
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from local_dli.web_server import WebServer

TOKEN = "planted-token-of-awx"
# Of an administrator of the organization Default, who is none of the system.
ADMIN_TOKEN = "planted-token-of-an-admin"
HIDDEN = "$encrypted$"
QUESTION_TYPES = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": (int, float),
}
# Of each collection the fields that can be written: their types, or the collection that an id has to be of.
FIELDS: dict[str, dict[str, Any]] = {
    "organizations": {"name": str, "description": str},
    "credential_types": {"name": str, "description": str, "kind": ("cloud", "net"), "inputs": dict, "injectors": dict},
    "credentials": {
        "name": str,
        "description": str,
        "organization": "organizations",
        "credential_type": "credential_types",
        "inputs": dict,
    },
    "execution_environments": {
        "name": str,
        "description": str,
        "organization": "organizations",
        "image": str,
        "credential": "credentials",
        "pull": ("always", "missing", "never", ""),
    },
    "projects": {
        "name": str,
        "description": str,
        "organization": "organizations",
        "scm_type": ("", "git", "svn", "insights", "archive"),
        "scm_url": str,
        "scm_branch": str,
        "credential": "credentials",
        "scm_update_on_launch": bool,
    },
    "inventories": {
        "name": str,
        "description": str,
        "organization": "organizations",
        "kind": ("", "smart", "constructed"),
        "host_filter": (str, type(None)),
        "variables": str,
    },
    "hosts": {"name": str, "description": str, "inventory": "inventories", "enabled": bool, "variables": str},
    "job_templates": {
        "name": str,
        "description": str,
        "job_type": ("run", "check"),
        "inventory": "inventories",
        "project": "projects",
        "playbook": str,
        "execution_environment": "execution_environments",
        "extra_vars": str,
        "survey_enabled": bool,
        "allow_simultaneous": bool,
        **{f"ask_{name}_on_launch": bool for name in ("credential", "diff_mode", "job_type", "variables")},
    },
    "schedules": {"name": str, "description": str, "rrule": str, "unified_job_template": "job_templates"},
    "workflow_job_templates": {
        "name": str,
        "description": str,
        "organization": "organizations",
        "allow_simultaneous": bool,
    },
    "workflow_job_template_nodes": {
        "identifier": str,
        "workflow_job_template": "workflow_job_templates",
        "unified_job_template": "job_templates",
        "job_type": ("run", "check"),
        "diff_mode": bool,
    },
    "workflow_approval_templates": {"name": str, "description": str, "timeout": int},
    "notification_templates": {"name": str, "description": str, "organization": "organizations"},
}
# When a template sends notifications, of each collection that awx_setup.yml makes them for.
NOTIFIES = {"job_templates": ("error",), "workflow_job_templates": ("error", "approvals")}
REQUIRED = {
    "credential_types": {"name", "kind"},
    "credentials": {"name", "credential_type", "organization"},
    "execution_environments": {"name", "image"},
    "projects": {"name", "organization"},
    "inventories": {"name", "organization"},
    "hosts": {"name", "inventory"},
    "job_templates": {"name", "project", "playbook", "inventory"},
    "schedules": {"name", "rrule", "unified_job_template"},
    "workflow_job_templates": {"name"},
    "workflow_job_template_nodes": {"workflow_job_template"},
    "workflow_approval_templates": {"name"},
}
# What no credential type may set.
RESERVED_VARIABLES = {
    *("VIRTUAL_ENV", "PATH", "PYTHONPATH", "JOB_ID", "INVENTORY_ID", "INVENTORY_SOURCE_ID", "INVENTORY_UPDATE_ID"),
    *("AD_HOC_COMMAND_ID", "REST_API_URL", "REST_API_TOKEN", "MAX_EVENT_RES", "CALLBACK_QUEUE", "CALLBACK_CONNECTION"),
    *("CACHE", "JOB_CALLBACK_DEBUG", "INVENTORY_HOSTVARS", "AWX_HOST", "PROJECT_REVISION", "SUPERVISOR_CONFIG_PATH"),
}
# By what objects with the same name differ, of each collection: AWX has an environment's name once.
UNIQUE = {
    "credential_types": {"kind"},
    "credentials": {"organization", "credential_type"},
    "execution_environments": set(),
    "hosts": {"inventory"},
    "organizations": set(),
    "schedules": {"unified_job_template"},
    "workflow_approval_templates": {"id"},
    "workflow_job_template_nodes": {"workflow_job_template"},
}
# A rule for a schedule begins with a time, and has one rule that says how often.
RRULE = re.compile(
    r"DTSTART(;TZID=[\w/]+)?:\d{8}T\d{6}Z? RRULE:FREQ=(YEARLY|MONTHLY|WEEKLY|DAILY|HOURLY|MINUTELY);(.*;)?INTERVAL=\d+"
)
# Sent by awx.awx all the same: AWX sets them itself.
READ_ONLY = {
    "credential_types": {"managed"},
    "job_templates": {"organization"},
    "workflow_approval_templates": {"identifier", "workflow_job_template"},
}


def credential_type_errors(sent: dict[str, Any]) -> list[str]:
    """Return what is wrong with the inputs and injectors of a credential type."""
    inputs, injectors = sent["inputs"], sent["injectors"]
    errors = [f"inputs cannot have {key}" for key in inputs.keys() - {"fields", "required"}]
    known = {
        "type",
        "format",
        "choices",
        "id",
        "label",
        "help_text",
        "multiline",
        "secret",
        "ask_at_runtime",
        "default",
    }
    names = [field.get("id") for field in inputs["fields"]]
    if len(set(names)) != len(names) or "tower" in names:
        errors.append("ids have to be different from each other, and from tower")
    for field in inputs["fields"]:
        errors += [f"a field cannot have {key}" for key in field.keys() - known]
        errors += [f"a field has no {key}" for key in {"id", "label"} - field.keys()]
        kind = field.get("type", "string")
        if kind not in ("string", "boolean"):
            errors.append(f"a field cannot be of type {kind}")
        elif not isinstance(
            field.get("default", True if kind == "boolean" else ""), bool if kind == "boolean" else str
        ):
            errors.append(f"the default {field['default']!r} is no {kind}")
        if kind != "string":
            errors += [f"{key} is for strings" for key in ("choices", "multiline", "format", "secret") if key in field]
        if field.get("format") not in (None, "url", "ssh_private_key"):
            errors.append(f"a field cannot have the format {field['format']}")
        if field.get("choices", True) == [] or not re.fullmatch(r"[A-Za-z_]\w*", str(field.get("id"))):
            errors.append("a field has no good id or choices")
    errors += [f"injectors cannot have {key}" for key in injectors.keys() - {"file", "env", "extra_vars"}]
    files = injectors.get("file", {})
    errors += [f"{key} is no name of a file" for key in files if not re.fullmatch(r"template(\.[A-Za-z_]\w*)?", key)]
    names_of_files = {key.partition(".")[2]: "a path" for key in files}
    names_known = {**dict.fromkeys(names, "a value"), "tower": {"filename": names_of_files}}
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    for key, template in {**files, **injectors.get("env", {})}.items():
        try:
            environment.from_string(template).render(names_known)
        except TemplateError as error:
            errors.append(f"{key}: {error}")
    for key, template in injectors.get("env", {}).items():
        if (
            key.startswith("ANSIBLE_")
            or key in RESERVED_VARIABLES
            or not re.fullmatch(r"[A-Za-z_]\w*", key)
            or not template.isascii()
        ):
            errors.append(f"{key} cannot be set")
    return errors


def choices_of(question: dict[str, Any]) -> list[str]:
    """Return the choices of a question, which are a list, or the lines of a text."""
    choices = question["choices"]
    return [line for line in choices.splitlines() if line.strip()] if isinstance(choices, str) else choices


def survey_spec_errors(spec: dict[str, Any]) -> list[str]:
    """Return what is wrong with a survey."""
    kinds = {"name": str, "description": str, "spec": list}
    errors = [f"the survey has no {key}" for key, kind in kinds.items() if not isinstance(spec.get(key), kind)]
    if errors or not spec["spec"]:
        return errors or ["the survey asks nothing"]
    names = [question.get("variable") for question in spec["spec"]]
    errors += [f"{name} is asked for twice" for name in names if names.count(name) > 1]
    for question in spec["spec"]:
        kinds = {"type": str, "question_name": str, "variable": str, "required": bool}
        wrong = [key for key, kind in kinds.items() if not isinstance(question.get(key), kind)]
        if wrong or question["type"] not in QUESTION_TYPES:
            errors.append(f"a question has no good {wrong or 'type'}")
            continue
        default, choices = question.get("default", ""), question.get("choices")
        if default != "" and not isinstance(default, QUESTION_TYPES[question["type"]]):
            errors.append(f"the default {default!r} is of another type")
        if isinstance(default, str) and default.startswith(HIDDEN):
            errors.append("the default is reserved")
        limits = {key: question[key] for key in ("min", "max") if question.get(key) is not None}
        errors += [f"{key} is no number" for key, limit in limits.items() if not isinstance(limit, int)]
        if question["type"] in ("multiplechoice", "multiselect") and isinstance(default, str):
            if choices is None:
                errors.append("there are no choices")
            elif any(line not in choices_of(question) for line in default.splitlines()):
                errors.append(f"the default {default!r} is none of the choices")
            elif question["type"] == "multiplechoice" and len(default.splitlines()) > 1:
                errors.append("there are several defaults")
    return errors


def stored_survey(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a survey as AWX keeps it: without blank lines among choices and defaults."""
    spec = copy.deepcopy(spec)
    for question in spec["spec"]:
        if question["type"] in ("multiplechoice", "multiselect"):
            texts = {key: question[key] for key in ("choices", "default") if isinstance(question.get(key), str)}
            for key, text in texts.items():
                question[key] = "\n".join(line for line in text.splitlines() if line.strip())
    return spec


class AwxApi:
    """AWX, to be used as a context manager; in the beginning it has its organization Default.

    :param repository: the playbooks in the repository of a project, which AWX knows once it has fetched it.

    ``objects`` are what is there, by the name of the collection; ``writes`` the requests that could change something;
    ``refusals`` what was wrong with requests; ``repository_works`` whether an update of a project is successful.
    """

    def __init__(self, repository: list[str]) -> None:
        self.repository = repository
        self._fetched: dict[int, list[str]] = {}
        self.objects: dict[str, list[dict[str, Any]]] = {name: [] for name in FIELDS}
        self.objects["organizations"] += [{"id": 1, "name": "Default"}, {"id": 2, "name": "Other"}]
        self.credentials_of: dict[int, list[int]] = {}
        # Of each template, by when it sends them, its notifications.
        self.notifications_of: dict[tuple[int, str], list[int]] = {}
        # Of each node of a workflow those that follow its success.
        self.followers_of: dict[int, list[int]] = {}
        self.surveys: dict[int, dict[str, Any]] = {}
        self.writes: list[tuple[str, str, Any]] = []
        self.refusals: list[Any] = []
        self.repository_works = True
        # Of each update its project and status. One that runs ends when it is asked for.
        self._updates: list[tuple[int, str]] = []
        self._server = WebServer(self._app(), threads=4)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    def __enter__(self) -> AwxApi:
        self._server.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.end()

    def find(self, collection: str, number: int) -> dict[str, Any] | None:
        """Return what is stored, secrets in the open."""
        return next((item for item in self.objects[collection] if item["id"] == number), None)

    def _app(self) -> Flask:
        app = Flask("awx_api", static_folder=None)

        @app.before_request
        def before() -> None:
            if request.headers.get("Authorization") not in (f"Bearer {TOKEN}", f"Bearer {ADMIN_TOKEN}"):
                abort(401)
            if request.method != "GET":
                self.writes.append((request.method, request.path, request.get_json(silent=True)))
                if not self._may_write(request.path.split("/")[3], request.get_json(silent=True) or {}):
                    self._forbid("You do not have permission to perform this action.")

        @app.after_request
        def after(response: Any) -> Any:
            response.headers["X-API-Product-Name"] = "AWX"
            response.headers["X-API-Product-Version"] = "24.6.1"
            if response.status_code >= 400:
                self.refusals.append((request.method, request.path, response.get_data(as_text=True)))
            return response

        @app.get("/api/v2/<collection>/")
        def listed(collection: str) -> Any:
            if collection == "unified_job_templates":
                # Those of all kinds, of which a job template alone can be found here.
                kind = request.args.get("type", "job_template")
                return self._page([]) if kind != "job_template" else listed("job_templates")
            any_of = {key.removeprefix("or__"): value for key, value in request.args.items() if key.startswith("or__")}
            all_of = {key: value for key, value in request.args.items() if key != "type" and not key.startswith("or__")}
            found = [
                item
                for item in self.objects[collection]
                if all(self._value(item, key) == wanted for key, wanted in all_of.items())
                and (not any_of or any(self._value(item, key) == wanted for key, wanted in any_of.items()))
            ]
            return self._page([self._shown(collection, item) for item in found if self._sees(item)])

        @app.post("/api/v2/<collection>/")
        def created(collection: str) -> Any:
            sent = self._checked(collection, {}, request.get_json())
            item = {"id": 10 + sum(map(len, self.objects.values())), **sent}
            if collection == "credential_types":
                item["managed"] = False
            if collection == "job_templates":
                item["organization"] = (self.find("projects", item["project"]) or abort(404))["organization"]
            self.objects[collection].append(item)
            if collection == "projects":
                self._update(item["id"])
            return self._shown(collection, item), 201

        @app.patch("/api/v2/<collection>/<int:number>/")
        def changed(collection: str, number: int) -> Any:
            item = self.find(collection, number) or abort(404)
            sent = request.get_json()
            used = [other for other in self.objects["credentials"] if other["credential_type"] == number]
            if collection == "credential_types" and used and sent.get("inputs", item["inputs"]) != item["inputs"]:
                self._forbid("Modifications to inputs are not allowed for credential types that are in use")
            item.update(self._checked(collection, item, sent))
            return self._shown(collection, item)

        @app.post("/api/v2/projects/<int:number>/update/")
        def update(number: int) -> Any:
            return {"url": f"/api/v2/project_updates/{self._update(number)}/"}, 202

        @app.get("/api/v2/project_updates/<int:number>/")
        def project_update(number: int) -> Any:
            project, status = self._updates[number]
            if status == "running":
                status = "successful" if self.repository_works else "failed"
                self._updates[number] = project, status
                if self.repository_works:
                    self._fetched[project] = list(self.repository)
            failed = status == "failed"
            revision = self._revision(project)
            return {"id": number, "finished": True, "status": status, "failed": failed, "scm_revision": revision}

        @app.get("/api/v2/projects/<int:number>/playbooks/")
        def playbooks(number: int) -> Any:
            return self._fetched.get(number, [])

        @app.get("/api/v2/job_templates/<int:number>/credentials/")
        def attached(number: int) -> Any:
            found = [self.find("credentials", item) or abort(404) for item in self.credentials_of.get(number, [])]
            return self._page([self._shown("credentials", item) for item in found])

        @app.post("/api/v2/job_templates/<int:number>/credentials/")
        def attach(number: int) -> Any:
            sent = request.get_json()
            credential = self.find("credentials", sent["id"]) or abort(404)
            attached = self.credentials_of.setdefault(number, [])
            if sent.get("disassociate"):
                attached.remove(sent["id"])
                return "", 204
            types = [(self.find("credentials", item) or abort(404))["credential_type"] for item in attached]
            if sent.keys() != {"id"} or credential["credential_type"] in types:
                return {"error": "Cannot assign multiple credentials of one type."}, 400
            attached.append(sent["id"])
            return "", 204

        @app.get("/api/v2/<collection>/<int:number>/notification_templates_<any(error,approvals):when>/")
        def notifications(collection: str, number: int, when: str) -> Any:
            found = [
                self.find("notification_templates", item) for item in self.notifications_of.get((number, when), [])
            ]
            return self._page([self._shown("notification_templates", item) for item in found if item])

        @app.post("/api/v2/<collection>/<int:number>/notification_templates_<any(error,approvals):when>/")
        def notify(collection: str, number: int, when: str) -> Any:
            sent = request.get_json()
            if when not in NOTIFIES[collection] or self.find("notification_templates", sent["id"]) is None:
                return {"error": "There is no such notification."}, 400
            self.notifications_of.setdefault((number, when), []).append(sent["id"])
            return "", 204

        @app.get("/api/v2/<any(workflow_approval_templates):collection>/<int:number>/")
        def one(collection: str, number: int) -> Any:
            return self._shown(collection, self.find(collection, number) or abort(404))

        @app.post("/api/v2/workflow_job_template_nodes/<int:number>/create_approval_template/")
        def create_approval(number: int) -> Any:
            node = self.find("workflow_job_template_nodes", number) or abort(404)
            sent = self._checked("workflow_approval_templates", {}, request.get_json())
            item = {"id": 10 + sum(map(len, self.objects.values())), **sent}
            self.objects["workflow_approval_templates"].append(item)
            node["unified_job_template"] = item["id"]
            return self._shown("workflow_approval_templates", item), 201

        @app.get("/api/v2/workflow_job_template_nodes/<int:number>/<any(success_nodes):_kind>/")
        def followers(number: int, _kind: str) -> Any:
            nodes = [self.find("workflow_job_template_nodes", item) for item in self.followers_of.get(number, [])]
            return self._page([self._shown("workflow_job_template_nodes", node) for node in nodes if node])

        @app.post("/api/v2/workflow_job_template_nodes/<int:number>/<any(success_nodes):_kind>/")
        def follow(number: int, _kind: str) -> Any:
            sent = request.get_json()
            if sent.keys() != {"id"} or self.find("workflow_job_template_nodes", sent["id"]) is None:
                return {"error": "There is no such node."}, 400
            self.followers_of.setdefault(number, []).append(sent["id"])
            return "", 204

        @app.get("/api/v2/job_templates/<int:number>/survey_spec/")
        def survey(number: int) -> Any:
            shown = copy.deepcopy(self.surveys.get(number, {}))
            for question in shown.get("spec", []):
                if question["type"] == "password" and question.get("default"):
                    question["default"] = HIDDEN
            return shown

        @app.post("/api/v2/job_templates/<int:number>/survey_spec/")
        def set_survey(number: int) -> Any:
            errors = survey_spec_errors(request.get_json())
            if errors:
                return {"error": errors}, 400
            self.surveys[number] = stored_survey(request.get_json())
            return {}

        return app

    @staticmethod
    def _page(items: list[dict[str, Any]]) -> dict[str, Any]:
        return {"count": len(items), "next": None, "previous": None, "results": items}

    def _shown(self, collection: str, item: dict[str, Any]) -> dict[str, Any]:
        """An object as a request shows it."""
        url = f"/api/v2/{collection}/{item['id']}/"
        shown = {**item, "url": url, "type": collection.removesuffix("s"), "related": {}, "summary_fields": {}}
        if collection == "job_templates":
            shown["related"] = {"survey_spec": f"{url}survey_spec/", "credentials": f"{url}credentials/"}
        for when in NOTIFIES.get(collection, ()):
            shown["related"][f"notification_templates_{when}"] = f"{url}notification_templates_{when}/"
        if collection == "workflow_job_template_nodes":
            shown["related"] = {"success_nodes": f"{url}success_nodes/"}
            shown["success_nodes"] = self.followers_of.get(item["id"], [])
            if self.find("workflow_approval_templates", item.get("unified_job_template", 0)):
                shown["related"]["unified_job_template"] = (
                    f"/api/v2/workflow_approval_templates/{item['unified_job_template']}/"
                )
        if collection == "projects":
            shown["scm_revision"] = self._revision(item["id"])
            shown["related"] = {"update": f"{url}update/"}
            shown["status"] = self._status(item["id"])
            for number, update in enumerate(self._updates):
                if update == (item["id"], "running"):
                    shown["summary_fields"] = {"current_update": {"id": number}}
        if collection == "credentials":
            secrets = self._secrets_of(item)
            kind = self.find("credential_types", item["credential_type"]) or abort(404)
            shown["summary_fields"] = {"credential_type": {"id": kind["id"], "name": kind["name"]}}
            shown["inputs"] = {key: HIDDEN if key in secrets else value for key, value in item["inputs"].items()}
        return shown

    def _value(self, item: dict[str, Any], key: str) -> str:
        """The value of a field, or of one of the object that a field refers to, as a filter has it."""
        field, _separator, of_other = key.partition("__")
        value = item.get(field)
        if of_other and field in ("organization", "credential_type"):
            value = (self.find(f"{field}s", value) or {}).get(of_other)
        return str(value)

    @staticmethod
    def _forbid(reason: str) -> None:
        abort(Flask.response_class(json.dumps({"detail": reason}), 403, mimetype="application/json"))

    @staticmethod
    def _is_system_administrator() -> bool:
        return request.headers["Authorization"] == f"Bearer {TOKEN}"

    def _sees(self, item: dict[str, Any]) -> bool:
        return self._is_system_administrator() or item.get("organization", 1) == 1

    def _may_write(self, collection: str, sent: dict[str, Any]) -> bool:
        return self._is_system_administrator() or (
            collection != "credential_types" and sent.get("organization", 1) == 1
        )

    def _update(self, project: int) -> int:
        """Begin an update of a project, and return its number."""
        self._updates.append((project, "running"))
        return len(self._updates) - 1

    def _status(self, project: int) -> str:
        """The status of the latest update of a project."""
        return [status for of, status in self._updates if of == project][-1]

    def _revision(self, project: int) -> str:
        return "1" * 40 if (project, "successful") in self._updates else ""

    def _secrets_of(self, credential: dict[str, Any]) -> set[str]:
        kind = self.find("credential_types", credential["credential_type"]) or abort(404)
        return {field["id"] for field in kind["inputs"]["fields"] if field.get("secret")}

    def _checked(self, collection: str, current: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
        """Return what of a request is to be stored, or refuse it."""
        sent = {key: value for key, value in sent.items() if key not in READ_ONLY.get(collection, ())}
        errors = [self._field_error(collection, key, value) for key, value in sent.items()]
        errors += [f"{key} is missing" for key in REQUIRED[collection] if not {**current, **sent}.get(key)]
        if not any(errors):
            errors += self._name_errors(collection, current, {**current, **sent})
            errors += self._object_errors(collection, {**current, **sent})
        if any(errors):
            response = json.dumps({"detail": [error for error in errors if error]})
            abort(Flask.response_class(response, 400, mimetype="application/json"))
        if collection == "credentials" and "inputs" in sent:
            kept = {key: current["inputs"][key] for key, value in sent["inputs"].items() if value == HIDDEN}
            sent["inputs"] = {**sent["inputs"], **kept}
        return sent

    def _field_error(self, collection: str, key: str, value: Any) -> str:
        if key not in FIELDS[collection]:
            return f"{collection} have no {key}"
        kind = FIELDS[collection][key]
        if isinstance(kind, str):
            good = isinstance(value, int) and self.find(kind, value) is not None
        elif isinstance(kind, tuple) and isinstance(kind[0], str):
            good = value in kind
        else:
            good = isinstance(value, kind)
        return "" if good else f"{key} cannot be {value!r}"

    def _name_errors(self, collection: str, current: dict[str, Any], item: dict[str, Any]) -> list[str]:
        if (
            collection == "execution_environments"
            and current.get("organization", item["organization"]) != item["organization"]
        ):
            return ["Cannot change the organization of an execution environment"]
        named = "identifier" if collection == "workflow_job_template_nodes" else "name"
        by = {named, *UNIQUE.get(collection, {"organization"})}
        same = [other for other in self.objects[collection] if all(other.get(key) == item.get(key) for key in by)]
        return [f"{item[named]} already exists" for other in same if other["id"] != current.get("id")]

    def _object_errors(self, collection: str, item: dict[str, Any]) -> list[str]:
        if collection == "credential_types":
            return credential_type_errors(item)
        if collection == "credentials":
            kind = self.find("credential_types", item["credential_type"]) or abort(404)
            known = {field["id"] for field in kind["inputs"]["fields"]}
            # An empty input is nothing that a user has given; a text is all that these fields take.
            before = next((other["inputs"] for other in self.objects[collection] if other["id"] == item.get("id")), {})
            return [
                f"inputs: {key}"
                for key, value in item["inputs"].items()
                if key not in known or not isinstance(value, str) or (value == HIDDEN and key not in before)
            ]
        if collection == "job_templates":
            found = self._fetched.get(item["project"], [])
            return [] if item["playbook"] in found else [f"Playbook not found for project: {item['playbook']}"]
        if collection == "workflow_job_template_nodes":
            template = self.find("job_templates", item.get("unified_job_template", 0)) or {}
            asked = {"job_type": "ask_job_type_on_launch", "diff_mode": "ask_diff_mode_on_launch"}
            # Refused by AWX too: what the template does not ask for on launch.
            given = {key: asks for key, asks in asked.items() if item.get(key)}
            return [f"{key} is not asked for" for key, asks in given.items() if not template.get(asks)]
        if collection == "schedules":
            return [] if RRULE.match(item["rrule"]) else [f"rrule cannot be {item['rrule']}"]
        if "variables" in item and not isinstance(json.loads(item["variables"]), dict):
            return ["variables are no dictionary"]
        return []
