# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a fleet: three files, read by what reads them elsewhere, and the page in a real browser too."""

from __future__ import annotations

import json
import shutil
import time
from urllib.parse import quote

import html5lib
import pytest
from prometheus_client.parser import text_string_to_metric_families

from module_runner import access_to
from processes import run_to_end

HOUR_MS = 3_600_000
NOW_MS = int(time.time() * 1000)
HOSTILE = '<script>alert(1)</script> | "q" \\ {{ 1 + 1 }} [l](h://e)'
SECRET = "correct-horse-battery-staple"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
HTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(name="fleet")
def fixture_fleet(service):
    """Jobs in all kinds of conditions, of which some differ from what C(JOBS) describes."""

    def saved(hours):
        made = NOW_MS - hours * HOUR_MS
        return {"has_savepoint": True, "savepoint_path": f"obs://bucket/jobs/savepoint/1/{made}/"}

    started = {"start_time": NOW_MS - 30 * HOUR_MS, "queue_name": "streaming"}
    add = service.jobs.add
    add(name="orders-enrichment", status="job_running", cu_number=6, flink_version="1.12", **started, **saved(26))
    add(name="orders-archive", status="job_running_exception", status_desc=f"login with {SECRET} failed", **started,
        entrypoint_args=f"--password {SECRET}", **saved(40))  # fmt: skip
    add(name=HOSTILE, status="job_submit_fail", status_desc=HOSTILE, queue_name="a|b", cu_number=2)
    add(name="clicks-by-the-hour-with-a-name-as-long-as-somebody-wants", status="job_submitting", **started,
        job_type="flink_opensource_sql_job")  # fmt: skip
    add(name="draft")
    return service


JOBS = [
    {"name": "orders-enrichment", "parallel_number": 6, "secret_entrypoint_args": f"--password {SECRET}2"},
    {"name": "orders-archive", "state": "started"},
    {"name": "gone", "entrypoint": "obs://bucket/gone.jar"},
]


@pytest.fixture(name="report")
def fixture_report(ansible, fleet):
    """Return a function that runs the playbook, and returns its outcome and the files by their endings."""

    def run(*arguments, **variables):
        env = {
            "OS_DLI_ENDPOINT_OVERRIDE": fleet.url,
            "OS_PROJECT_ID": access_to(fleet)["project_id"],
            "OS_TOKEN": access_to(fleet)["token"],
        }
        given = ("-e", json.dumps(variables))
        command = ("ansible-playbook", "-i", ansible.inventory, "otc.dli.flink_fleet_report")
        done = ansible.call(*command, *given, *arguments, env=env)
        files = {path.suffix[1:]: path for path in ansible.folder.glob("flink-fleet-report.*")}
        return done, files

    return run


def rows(markdown):
    """Return the cells of the table of jobs, as a reader of Markdown splits it: not at an escaped bar."""
    lines = [line for line in markdown.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.replace("\\|", "\0").strip("|").split("|")] for line in lines[2:]]


def test_the_report_is_read_by_what_reads_such_files(report, fleet):
    fleet.requests.clear()
    done, files = report(report_jobs=JOBS, report_title="Jobs & <more>")
    assert done.code == 0, done.stdout
    assert [request.path.rpartition("/")[2] for request in fleet.requests] == ["jobs"]
    assert "5 jobs, 2 down" in done.stdout
    texts = {ending: path.read_text() for ending, path in files.items()}
    assert sorted(texts) == ["html", "md", "prom"]
    # No secret, and nothing of what others have written is evaluated.
    assert SECRET not in "".join(texts.values()) + done.stdout
    assert all("{{ 1 + 1 }}" in text.replace("\\", "") for text in texts.values())

    page = html5lib.HTMLParser(strict=True).parse(texts["html"])
    assert [element.tag for element in page.iter() if element.tag == f"{HTML}script"] == []
    body = " ".join("".join(page.find(f"{HTML}body").itertext()).split())
    assert "Jobs & <more>" in body and HOSTILE in body
    for sentence in ("parallel_number: 1 → 6", "gone: described, but not there", "made before the last start"):
        assert sentence in body
    assert "http://" not in texts["html"] and "src=" not in texts["html"]

    (hostile,) = (row for row in rows(texts["md"]) if "script" in row[0])
    assert hostile[0].replace("\0", "|").replace("\\", "") == HOSTILE.replace("\\", "")
    assert "<" not in hostile[0].replace("\\<", "") and hostile[3] == "a\0b"
    assert len({len(row) for row in rows(texts["md"])}) == 1 and len(rows(texts["md"])) == 5

    families = list(text_string_to_metric_families(texts["prom"]))
    metrics = {family.name: family.samples for family in families}
    down = {sample.labels["name"]: sample.value for sample in metrics["otc_dli_flink_job_down"]}
    assert down[HOSTILE] == down["orders-archive"] == 1 and sum(down.values()) == 2 and len(down) == 5
    drift = {sample.labels["name"]: sample.value for sample in metrics["otc_dli_flink_job_drift"]}
    assert drift["orders-enrichment"] == 1
    findings = {sample.labels["finding"]: sample.value for sample in metrics["otc_dli_flink_findings"]}
    assert (findings["missing"], findings["failed"], findings["drift"]) == (1, 2, 2)
    (made,) = (
        s for s in metrics["otc_dli_flink_job_savepoint_timestamp_seconds"] if s.labels["name"] == "orders-archive"
    )
    assert made.value == (NOW_MS - 40 * HOUR_MS) / 1000
    (queue,) = (s.labels["queue"] for s in metrics["otc_dli_flink_job_status"] if s.labels["name"] == HOSTILE)
    assert queue == "a|b"
    # What promtool wants of metrics: each with a text, and no sample twice.
    assert all(
        family.documentation and family.type == "gauge" for family in text_string_to_metric_families(texts["prom"])
    )
    samples = [(s.name, tuple(sorted(s.labels.items()))) for family in metrics.values() for s in family]
    assert len(samples) == len(set(samples)) and texts["prom"].endswith("\n") and "\n\n" not in texts["prom"]


@pytest.mark.any_core
def test_check_mode_writes_nothing_but_says_so(report):
    done, files = report("--check")
    assert done.code == 0, done.stdout
    assert files == {} and "5 jobs, 2 down. The report is not written in check mode" in " ".join(done.stdout.split())
    done, files = report(report_dir="/nowhere")
    assert done.code != 0 and files == {} and "report_dir is /nowhere, but must be a folder" in done.stdout


@pytest.mark.any_core
def test_a_fleet_without_jobs_has_a_report_too(report, fleet):
    fleet.jobs.clear()
    done, files = report()
    assert done.code == 0, done.stdout
    html5lib.HTMLParser(strict=True).parse(files["html"].read_text())
    metrics = {family.name for family in text_string_to_metric_families(files["prom"].read_text())}
    assert metrics == {"otc_dli_flink_report_timestamp_seconds", "otc_dli_flink_jobs", "otc_dli_flink_findings"}
    assert "0 jobs, 0 down" in files["md"].read_text()


@pytest.mark.any_core
def test_the_page_in_a_browser(report, tmp_path):
    """The page fits a phone and a desk, runs nothing, and loads nothing."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on PATH")
    _done, files = report(report_jobs=JOBS)
    # Each frame is as wide as the window of a device; the page around them measures what is in there.
    measure = """
      const of = frame => {
        const page = frame.contentDocument, all = selector => [...page.querySelectorAll(selector)];
        return {
          wider: page.documentElement.scrollWidth - page.documentElement.clientWidth,
          rows: all("tbody tr").length,
          head: frame.contentWindow.getComputedStyle(page.querySelector("thead")).display,
          bars: all("svg rect:last-child").every(rect => rect.getBoundingClientRect().width > 0),
          loaded: frame.contentWindow.performance.getEntriesByType("resource").length,
        };
      };
      window.onload = () => {
        document.body.textContent = JSON.stringify([...document.querySelectorAll("iframe")].map(of));
      };
    """
    address = quote(files["html"].as_uri(), safe=":/")
    frames = "".join(
        f'<iframe src="{address}" style="border: 0; width: {width}px; height: 900px"></iframe>' for width in (360, 1280)
    )
    around = tmp_path / "around.html"
    around.write_text(f"<!DOCTYPE html><body>{frames}<script>{measure}</script></body>")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--dump-dom"]
    # A browser asks its maker's hosts for this and that at every start.
    # In a container shared memory can be too small for it.
    flags += [
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    command = (browser, *flags, profile, around.as_uri())
    browsed = run_to_end(command, timeout=300)
    assert browsed.returncode == 0, browsed.stderr
    shown = browsed.stdout
    phone, desk = json.loads(html5lib.parse(shown).find(f"{HTML}body").text)
    expected = {"wider": 0, "rows": 5, "bars": True, "loaded": 0}
    assert phone == {**expected, "head": "none"}
    assert desk == {**expected, "head": "table-header-group"}
