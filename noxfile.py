# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make test` runs. `nox --list` names the sessions, `nox --session NAME` runs one."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
CACHE = ROOT / ".cache"

# The one place that says which ansible-core is supported: the release that is tested, and the Pythons that can run it.
# (ansible-core 2.17 also runs on Python 3.10, which the tools of the tests no longer do.)
CORES = {
    "2.17": ("2.17.14", ["3.11", "3.12"]),
    "2.18": ("2.18.19", ["3.11", "3.12", "3.13"]),
    "2.19": ("2.19.14", ["3.11", "3.12", "3.13"]),
    "2.20": ("2.20.10", ["3.12", "3.13", "3.14"]),
    "2.21": ("2.21.5", ["3.12", "3.13", "3.14"]),
}

# All that the built collection may hold, at its top level.
ARTIFACT = {
    "CHANGELOG.md",
    "COPYING",
    "FILES.json",
    "MANIFEST.json",
    "README.md",
    "SECURITY.md",
    "changelogs",
    "docs",
    "extensions",
    "meta",
    "playbooks",
    "plugins",
    "roles",
}


# The tests of modules that are right with any behaviour of the service; others are about one that they set or expect.
LIKE = tuple(f"tests/modules/test_{name}.py" for name in ("unknowns", "flink_jar_job", "lifecycle", "flink_savepoint"))


def find_pythons() -> list[str]:
    """The versions that this machine can run, of those that the matrix names.

    pyenv puts stand-ins on PATH for versions that are not selected, and these fail; what is behind them takes their
    place, for ansible-test too.
    """
    folders = [Path(sys.base_prefix, "bin")]
    for folder in map(Path, os.environ["PATH"].split(os.pathsep)):
        versions = folder.parent / "versions"
        if folder.name == "shims" and versions.is_dir():
            folders += sorted(p for p in versions.glob("*/bin") if re.fullmatch(r"[\d.]+", p.parent.name))
        else:
            folders.append(folder)
    os.environ["PATH"] = os.pathsep.join(map(str, folders))

    def works(version: str) -> bool:
        python = shutil.which(f"python{version}")
        # An interpreter that cannot make an environment (Debian without python3-venv) is of no use here.
        command = [python, "-c", "import ensurepip"]
        return bool(python) and subprocess.run(command, capture_output=True, check=False).returncode == 0

    known = {version for core in CORES.values() for version in core[1]}
    return [version for version in sorted(known, key=lambda v: int(v.partition(".")[2])) if works(version)]


PYTHONS = find_pythons()
RUNNABLE = {core: [p for p in PYTHONS if p in pythons] for core, (release, pythons) in CORES.items()}
RUNNABLE = {core: pythons for core, pythons in RUNNABLE.items() if pythons}
if not RUNNABLE:
    sys.exit(f"Found no Python that runs a supported ansible-core. They are, with their Pythons: {CORES}")
OLDEST, NEWEST = next(iter(RUNNABLE)), next(reversed(RUNNABLE))


def python_for(core: str) -> str:
    """The oldest core is tested on the oldest Python that can run it, and any other on the newest."""
    return RUNNABLE[core][0 if core == OLDEST else -1]


TESTED = [core for core in RUNNABLE if core in (OLDEST, NEWEST)]
NEWEST_PYTHON = python_for(NEWEST)

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"  # uv, where there is one, would not know pip's settings
nox.options.reuse_existing_virtualenvs = True
nox.options.tags = ["checks", "engines", "suites"]  # what `make test` runs, side by side

# pip and the linters keep their caches here, and not in the home of whoever runs this.
os.environ["XDG_CACHE_HOME"] = str(CACHE)
# Most of what is installed is never imported; Python compiles the rest when it is. That halves the time of installing.
os.environ["PIP_COMPILE"] = "0"
# So what Python compiles has to be kept, also where whoever runs this has it thrown away.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def own_home(name: str = "home") -> dict[str, str | None]:
    """An environment with a home of its own, and none of the settings that Ansible takes from whoever runs this."""
    home = CACHE / name
    home.mkdir(parents=True, exist_ok=True)
    return {"HOME": str(home), **{key: None for key in os.environ if key.startswith("ANSIBLE_")}}


@contextmanager
def copy_of_tree():
    """A copy of what is or would be committed, in a folder ansible_collections/otc/dli as Ansible's tools want it.

    It is outside of the checkout: ansible-test sees no file in a folder that git ignores.
    """
    with tempfile.TemporaryDirectory(prefix="otc-dli-") as tmp:
        copy = Path(tmp).resolve() / "ansible_collections" / "otc" / "dli"
        if (ROOT / ".git").exists():
            for name in git_files("--cached", "--others", "--exclude-standard"):
                if (ROOT / name).is_file():  # else: deleted, and not yet committed
                    (copy / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(ROOT / name, copy / name)
        else:
            unwanted = shutil.ignore_patterns(".venv", ".nox", ".cache", ".ansible", ".hypothesis", "__pycache__")
            shutil.copytree(ROOT, copy, ignore=unwanted)
        yield copy


def git_files(*which: str) -> list[str]:
    """Return the files of the checkout that git lists."""
    command = ["git", "ls-files", "-z", *which]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return list(filter(None, listed.split("\0")))


@nox.session(venv_backend="none", tags=["suites"])
def matrix(session: nox.Session) -> None:
    """List which ansible-core is tested here, which is not, and why."""
    for core, (release, pythons) in CORES.items():
        if core in TESTED:
            session.log(f"run: ansible-core {core} ({release}) on Python {python_for(core)}")
        elif core in RUNNABLE:
            session.log(f"not run: ansible-core {core}: neither the oldest nor the newest; for it: -s 'tests({core})'")
        else:
            session.log(f"not run: ansible-core {core}: needs Python {' or '.join(pythons)}; here: {' '.join(PYTHONS)}")


@nox.session(python=NEWEST_PYTHON, tags=["checks"])
def lint(session: nox.Session) -> None:
    """Check style, documentation and changelog."""
    session.install("--quiet", "--requirement", "requirements/tools.txt")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    unpack_wheels(session, "collections")
    with copy_of_tree() as copy, session.chdir(copy):
        session.run("yamllint", "--strict", ".")
        session.run("antsibull-changelog", "lint")
        session.run("antsibull-docs", "lint-collection-docs", "--plugin-docs", ".", env=own_home())
        # Where playbooks find the modules.
        env = {
            **own_home(),
            "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join([str(copy.parents[2]), str(CACHE / "collections")]),
        }
        session.run("ansible-lint", "--nocolor", "--offline", "--strict", "--profile", "production", env=env)


@nox.session(python=NEWEST_PYTHON, tags=["checks"])
def typing(session: nox.Session) -> None:
    """Check the types of the collection's code and of the local service."""
    session.install("--quiet", "--requirement", "requirements/typing.txt", f"ansible-core=={CORES[NEWEST][0]}")
    # mypy finds `ansible_collections.otc.dli` by folder names alone, as Python does.
    link = CACHE / "typing" / "ansible_collections" / "otc" / "dli"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT)
    session.run("mypy")


@nox.session(python=NEWEST_PYTHON, tags=["checks"])
def docs(session: nox.Session) -> None:
    """Build the documentation site, with warnings as errors; it is written to .cache/docs/html."""
    session.install("--quiet", "--requirement", "requirements/docs.txt")
    site = CACHE / "docs"
    shutil.rmtree(site, ignore_errors=True)
    (site / "rst").mkdir(parents=True, mode=0o755)  # antsibull-docs wants nobody else to write there
    with copy_of_tree() as copy:
        env = {**own_home(), "ANSIBLE_COLLECTIONS_PATH": str(copy.parents[2])}
        options = ("--use-current", "--fail-on-error", "--cleanup", "everything", "--dest-dir", str(site / "rst"))
        config = ("--config-file", "docs/docsite/antsibull-docs.cfg")
        session.run("antsibull-docs", *config, "collection", *options, "otc.dli", env=env, log=False)
        # The site has the pages of the repository, in the same places, so that the links between them hold.
        shutil.copytree(copy / "docs", site / "rst" / "docs", ignore=shutil.ignore_patterns("docsite"))
        for page in (*copy.glob("*.md"), copy / "COPYING"):
            shutil.copy(page, site / "rst")
        shutil.copy(copy / "docs" / "docsite" / "index.rst", site / "rst")
        options = ("--quiet", "--fail-on-warning", "--keep-going", "--jobs", "auto", "-c", "docs/docsite")
        session.run("sphinx-build", *options, str(site / "rst"), str(site / "html"))
        # The only check that follows the names of options in guides.
        session.run("antsibull-docs", "lint-collection-docs", "--check-extra-docs-refs", str(copy), env=env)


@nox.session(python=NEWEST_PYTHON, tags=["checks"])
def artifact(session: nox.Session) -> None:
    """Build the collection, install it, check what it holds, and check it as Galaxy does."""
    build_and_check(session)


@nox.session(python=NEWEST_PYTHON, default=False)
def release(session: nox.Session) -> None:
    """Build the artifact of a release, check it, and run the demo from it in a place of its own.

    With a version (`-- 1.2.3`) first give the checkout that version, and gather the fragments into the changelog.
    """
    if session.posargs:
        set_version(session, session.posargs[0])
    version = re.search(r"^version: (\S+)$", (ROOT / "galaxy.yml").read_text(), re.MULTILINE)[1]
    if list((ROOT / "changelogs" / "fragments").glob("*.y*ml")):
        session.error("changelogs/fragments holds what is in no release yet: make release VERSION=…")
    if not re.search(rf"^  {re.escape(version)}:$", (ROOT / "changelogs" / "changelog.yaml").read_text(), re.MULTILINE):
        session.error(f"changelogs/changelog.yaml does not know {version}: make release VERSION={version}")
    built = build_and_check(session)

    clean = CACHE / "release" / "clean"
    shutil.rmtree(clean, ignore_errors=True)
    session.run("python", "-m", "venv", str(clean))
    python = str(clean / "bin" / "python")
    session.run(python, "-m", "pip", "install", "--quiet", "--requirement", "requirements/demo.txt", external=True)
    session.run(python, "demo/run.py", str(built), external=True)
    session.log(
        f"{built} is fit to be released. Left to do: commit, tag v{version}, ansible-galaxy collection publish."
    )


def set_version(session: nox.Session, version: str) -> None:
    """Write a version to the files that name it, and gather the changelog."""
    if not re.fullmatch(r"\d+\.\d+\.\d+(-[\w.]+)?", version):
        session.error(f"{version} is no version such as 1.2.3")
    session.install("--quiet", "--requirement", "requirements/tools.txt")
    for name, pattern, times in (
        ("galaxy.yml", r"(?<=^version: )\S+$", 1),
        ("plugins/module_utils/_version.py", r'(?<=^VERSION = ")[^"]+', 1),
        ("docs/awx/execution-environment.yml", r"(?<=otc-dli-)\d\S*(?=\.tar\.gz$)", 2),
    ):
        text, count = re.subn(pattern, version, (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
        if count != times:
            session.error(f"{name} names the version {count} times, not {times}")
        (ROOT / name).write_text(text, encoding="utf-8")
    with copy_of_tree() as copy, session.chdir(copy):
        session.run("antsibull-changelog", "release", "--reload-plugins", env=own_home())
        shutil.rmtree(ROOT / "changelogs")
        shutil.copytree(copy / "changelogs", ROOT / "changelogs", ignore=shutil.ignore_patterns(".plugin-cache.yaml"))
        shutil.copy(copy / "CHANGELOG.md", ROOT)


def build_and_check(session: nox.Session) -> Path:
    """Return the artifact, built from what is or would be committed, and found good."""
    session.install("--quiet", "--requirement", "requirements/tools.txt")
    with copy_of_tree() as copy, session.chdir(copy):
        out = copy.parents[2] / "out"
        session.run("ansible-galaxy", "collection", "build", "--output-path", str(out), env=own_home())
        (built,) = out.glob("otc-dli-*.tar.gz")

        with tarfile.open(built) as tar:
            files = {name for name in tar.getnames() if not tar.getmember(name).isdir()}
        plugins = {p.relative_to(copy).as_posix() for d in ("plugins", "extensions", "playbooks")
                   for p in (copy / d).rglob("*") if p.is_file()}  # fmt: skip
        strange = {name for name in files if name.split("/")[0] not in ARTIFACT}
        if (ROOT / ".git").exists():
            tracked = set(git_files("--cached"))
            strange |= {name for name in files - tracked if name not in ("FILES.json", "MANIFEST.json")}
        if strange or not plugins <= files:
            session.error(f"Not for the artifact: {sorted(strange)}; missing in it: {sorted(plugins - files)}")

        env = {**own_home(), "ANSIBLE_COLLECTIONS_PATH": str(out)}
        session.run("ansible-galaxy", "collection", "install", "--offline", "--no-deps", str(built), env=env)
        modules = sorted(f"otc.dli.{path.stem}" for path in (copy / "plugins" / "modules").glob("*.py"))
        documented = json.loads(session.run("ansible-doc", "--json", *modules, env=env, silent=True))
        if sorted(documented) != modules:
            session.error(f"ansible-doc knows only {sorted(documented)}")
        session.run("python", "tests/tools/execution_environment.py", str(built), str(out))

        config = out / "galaxy-importer.cfg"
        config.write_text("[galaxy-importer]\nRUN_ANSIBLE_TEST = False\n")
        env = {**own_home(), "GALAXY_IMPORTER_CONFIG": str(config)}
        report = session.run("python", "-m", "galaxy_importer.main", str(built), env=env, silent=True)
        print(report)
        # It may report faults and still end well. It knows no other collection, so neither awx.awx of a playbook nor
        # amazon.aws of a role, whose syntax check ends with 4 then; `lint` checks both.
        unknown = r"couldn't resolve module/action 'awx\.awx\.|roles/\w+:1: internal-error: Unexpected error code 4 "
        if re.search(rf"^(WARNING|ERROR)(?!.*({unknown}))", report, re.MULTILINE):
            session.error("galaxy-importer found fault with the artifact")

        kept = CACHE / "release" / built.name
        kept.parent.mkdir(exist_ok=True)
        return Path(shutil.copy(built, kept))


@nox.session(python=NEWEST_PYTHON, tags=["checks"])
def sanity(session: nox.Session) -> None:
    """Run ansible-test sanity, with nothing ignored, for every Python that is here."""
    session.install("--quiet", f"ansible-core=={CORES[NEWEST][0]}")
    env = own_home("ansible-test")
    home = Path(env["HOME"])

    # ansible-test sets up environments of its own. It would download a script for that: tests/tools/get_pip.py is
    # put in its place, under the names that this ansible-test searches for.
    code = "import ansible_test._internal.python_requirements as module; print(module.__file__)"
    source = Path(session.run("python", "-c", code, silent=True).strip())
    scripts = home / ".ansible" / "test" / "cache"
    scripts.mkdir(parents=True, exist_ok=True)
    for version in re.findall(r"\bpip='([\d.]+)'", source.read_text()):
        shutil.copy(ROOT / "tests" / "tools" / "get_pip.py", scripts / f"get_pip_{version.replace('.', '_')}.py")

    # It hides pip's environment variables and, with a home of its own, the user's file from the pip that it runs.
    settings = session.run("python", "-m", "pip", "config", "list", silent=True, log=False)
    options = dict(re.findall(r"^(?:global|install|:env:)\.([\w-]+)=(.*)$", settings, re.MULTILINE))
    options.pop("compile", None)  # what Python has to say while it compiles a tool would pass for the tool's findings
    lines = [f"{name} = {ast.literal_eval(value)}".replace("\n", "\n  ") for name, value in options.items()]
    pip_conf = home / ".config" / "pip" / "pip.conf"
    pip_conf.parent.mkdir(parents=True, exist_ok=True)
    pip_conf.touch(mode=0o600)  # an index may come with a password
    pip_conf.write_text("\n".join(["[global]", *lines, "quiet = 1\n"]))

    with copy_of_tree() as copy, session.chdir(copy):
        if (copy / "tests" / "sanity").exists():
            session.error("tests/sanity holds what is to be ignored, and nothing is")
        session.run("ansible-test", "sanity", "--color", "no", *session.posargs, env=env)


@nox.session
@nox.parametrize(
    ("python", "core"),
    [nox.param(python_for(core), core, id=core, tags=["suites"] * (core in TESTED)) for core in RUNNABLE],
)
def tests(session: nox.Session, core: str) -> None:
    """Run the tests on one ansible-core: all on the newest, on others those in which Ansible has the say."""
    unpack_wheels(session, "collections", "old-runner")
    # Model, HTTP client and life cycle do not know Ansible; options, results, plugins and playbooks depend on its core.
    share = ("-m", "not any_core", "tests/unit", "tests/modules", "tests/playbooks", "tests/awx")
    run_pytest(session, core, *(session.posargs or (() if core == NEWEST else share)))


@nox.session(python=NEWEST_PYTHON, default=False)
def unit(session: nox.Session) -> None:
    """Run the tests of units, modules and files, on the newest ansible-core."""
    run_pytest(session, NEWEST, "tests/unit", "tests/modules", "tests/awx/test_files.py", *session.posargs)


@nox.session(python=NEWEST_PYTHON, default=False)
def faults(session: nox.Session) -> None:
    """Run the whole matrix of faults (or that of the scenarios named) and many random schedules."""
    session.install("--quiet", "--requirement", "requirements/tests.txt", f"ansible-core=={CORES[NEWEST][0]}")
    session.run("python", "-m", "faults.run_all", *session.posargs, env={"PYTHONPATH": "tests"})
    alone = ("pytest", "--timeout", "0")  # each is one test that takes long
    session.run(*alone, "tests/faults/test_schedules.py", env={"FAULT_SCHEDULES": "2000"})
    session.run("python", "-m", "faults.run_all", "--only", "unkind", env={"PYTHONPATH": "tests"})
    session.run(*alone, "tests/faults/test_unkind.py", env={"UNKIND_SCHEDULES": "3000"})
    every_check = {"SERVICE_CHECK_SEEDS": "300", "SERVICE_CHECK_ALL_FAULTS": "1"}
    checks = ("tests/modules/test_service_check.py", "tests/faults/test_service_check.py")
    session.run(*alone, "--numprocesses", "2", *checks, env=every_check)
    drawn = ("tests/modules/test_hostile.py", "tests/modules/test_properties.py", "tests/modules/test_adopt.py")
    session.run(*alone, "--numprocesses", "2", *drawn, env={"EXAMPLES_TIMES": "20"})


@nox.session(python=NEWEST_PYTHON, default=False)
def like(session: nox.Session) -> None:
    """Run tests of the modules against a service like that of a report, whose path is given."""
    if len(session.posargs) != 1 or not Path(session.posargs[0]).is_file():
        session.error("Name the report of a check: make test-like REPORT=dli-service-check.json")
    session.install("--quiet", "--requirement", "requirements/tests.txt", f"ansible-core=={CORES[NEWEST][0]}")
    env = {"LOCAL_DLI_LIKE": str(Path(session.posargs[0]).resolve())}
    session.run("pytest", "--numprocesses", "4", *LIKE, env=env)


@nox.session(python=NEWEST_PYTHON, tags=["engines"])
def flink(session: nox.Session) -> None:
    """Run the tests on a real Flink, 1.17 or what FLINK names, where there is a JDK; its JARs are a large download."""
    if not shutil.which("javac"):
        session.skip("not run: the tests on a real Flink: no JDK (javac) is on PATH")
    install_flink(session)
    session.install("--quiet", "--requirement", "requirements/tests.txt", f"ansible-core=={CORES[NEWEST][0]}")
    unpack_wheels(session, "collections")
    # Each process is a Flink cluster; what one file does to it must not disturb another file.
    session.run("pytest", "--numprocesses", "2", "--dist", "loadfile", "tests/flink", "tests/chaos", *session.posargs)


@nox.session(python=NEWEST_PYTHON, default=False)
def versions(session: nox.Session) -> None:
    """Take a job from one version of Flink to another, by its savepoint; all versions are installed at once."""
    session.install("--quiet", "--requirement", "requirements/tests.txt", f"ansible-core=={CORES[NEWEST][0]}")
    folder = CACHE / "flink"
    for name, pinned in pinned_flinks().items():
        # Anew each time, so that no JAR of an earlier release is beside those of the pinned one.
        shutil.rmtree(folder / name, ignore_errors=True)
        session.install("--quiet", "--no-deps", "--target", str(folder / name), "--requirement", pinned)
    env = {"FLINK_VERSIONS": str(folder)}
    session.run("pytest", "tests/flink/savepoints_between_versions.py", *session.posargs, env=env)


@nox.session(python=NEWEST_PYTHON, default=False)
def chaos(session: nox.Session) -> None:
    """Play random schedules on a real Flink: 100 of them, or as the arguments say, such as --schedules 5 --seed 7."""
    install_flink(session)
    session.install("--quiet", "--requirement", "requirements/tests.txt", f"ansible-core=={CORES[NEWEST][0]}")
    arguments = session.posargs or ("--schedules", "100")
    session.run("python", "-m", "chaos.run", *arguments, env={"PYTHONPATH": "tests"})


@nox.session(python=NEWEST_PYTHON, tags=["engines"])
def eda(session: nox.Session) -> None:
    """Run the rulebooks with ansible-rulebook, where there is a Java."""
    if not shutil.which("java"):
        session.skip("not run: the tests with ansible-rulebook: no java is on PATH")
    session.install("--quiet", "--requirement", "requirements/eda.txt", f"ansible-core=={CORES[NEWEST][0]}")
    unpack_wheels(session, "collections")
    # Each test waits for a rulebook of its own.
    session.run("pytest", "--numprocesses", "3", "tests/eda", *session.posargs)


@nox.session(python=NEWEST_PYTHON, default=False)
def bench(session: nox.Session) -> None:
    """Measure how fast the collection is, and write docs/benchmarks.md."""
    ansible = f"ansible-core=={CORES[NEWEST][0]}"
    session.install("--quiet", "--requirement", "requirements/tests.txt", ansible)
    # Ansible runs with what a user has: libraries of the tests would be found by requests, and make it slower to load.
    users = Path(session.virtualenv.location) / "users"
    python = str(users / "bin" / "python")
    session.run("python", "-m", "venv", str(users))
    constraint = ("--constraint", "requirements/tests.txt")
    session.run(python, "-m", "pip", "install", "--quiet", *constraint, ansible, "requests", external=True)
    session.run("python", "bench/run.py", python)


def install_flink(session: nox.Session) -> None:
    """Install the Flink that the environment variable FLINK names, such as 2, in place of another one."""
    named, pinned = os.environ.get("FLINK", "1.17"), pinned_flinks()
    if named not in pinned:
        session.error(f"FLINK is {named!r}, but can only be {' or '.join(pinned)}.")
    session.install("--quiet", "--no-deps", "--requirement", pinned[named])


def pinned_flinks() -> dict[str, str]:
    """Return the requirements file of each version of Flink."""
    return {path.stem.removeprefix("flink-"): str(path) for path in sorted(Path("requirements").glob("flink-*.txt"))}


def unpack_wheels(session: nox.Session, *names: str) -> None:
    """Fill folders of .cache: with the collections of others that this one calls, or an old runner."""
    session.run("python", "tests/tools/unpack_wheel.py", *names)


def run_pytest(session: nox.Session, core: str, *args: str) -> None:
    session.install("--quiet", "--requirement", "requirements/tests.txt", f"ansible-core=={CORES[core][0]}")
    # More than there are CPUs, because many of the tests wait for processes of Ansible's.
    session.run("pytest", "--numprocesses", "4", "--dist", "worksteal", *args)


@nox.session(python=NEWEST_PYTHON, default=False)
def generated(session: nox.Session) -> None:
    """Write again what is generated and committed, or what is named; the tests fail when it is not current."""
    session.install("--quiet", "--requirement", "requirements/tests.txt", f"ansible-core=={CORES[NEWEST][0]}")
    for script in session.posargs or ("fleet_fragment", "seen", "diagrams", "recordings"):
        session.run("python", f"tests/tools/{script}.py", env={"PYTHONPATH": "tests"})


@nox.session(name="format", default=False)
def format_code(session: nox.Session) -> None:
    """Write the Python files as the linter wants them."""
    session.install("--quiet", "--constraint", "requirements/tools.txt", "ruff")
    session.run("ruff", "check", "--fix-only", ".")
    session.run("ruff", "format", ".")


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Pin the newest versions of what requirements/*.in names, for every supported Python."""
    session.install("--quiet", "uv==0.13.9")
    for source in sorted(Path("requirements").glob("*.in")):
        session.run(
            *("uv", "pip", "compile", "--quiet", "--upgrade", "--universal", "--python-version", "3.11"),
            *("--no-header", "--no-emit-index-url", str(source), "--output-file", str(source.with_suffix(".txt"))),
        )
