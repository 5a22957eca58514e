"""The files that `pip install nbcourier` installs into an empty environment."""

import json
import os
import subprocess
import sys
import tarfile
import venv
from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from zipfile import ZipFile

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
BUILD_LIMIT_S = 900
ANSWER_LIMIT_S = 30


class Environment:
    """A virtual environment and the programs in it."""

    def __init__(self, path: Path, wheel: Path) -> None:
        venv.create(path, with_pip=True)
        self.path = path
        self.run("pip", "install", "--quiet", "--disable-pip-version-check", str(wheel))

    def command(self, name: str) -> list[str]:
        """Returns the command as its user would type it: by its name on the PATH."""
        return ["/usr/bin/env", f"PATH={self.path / 'bin'}:{os.defpath}", name]

    def run(self, name: str, *arguments: str) -> str:
        """Returns the output of a program that must succeed."""
        outcome = subprocess.run(
            [*self.command(name), *arguments],
            cwd=self.path,
            text=True,
            capture_output=True,
            timeout=BUILD_LIMIT_S,
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        return outcome.stdout

    def metadata(self, question: str) -> str:
        """Returns the environment's metadata about the installed package."""
        return self.run(
            "python", "-c", f"from importlib.metadata import *; print({question})"
        ).strip()


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Builds both wheels and the source distribution. The program that other tests run stays where it is."""
    out = tmp_path_factory.mktemp("wheels")
    outcome = subprocess.run(
        [ROOT / "scripts" / "wheel.sh", "--profile", "dev"],
        env=os.environ | {"NBCOURIER_WHEELS": str(out), "PYTHON": sys.executable},
        text=True,
        capture_output=True,
        timeout=BUILD_LIMIT_S,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    # Other suites may link another build of it there meanwhile.
    assert Path(os.environ["NBCOURIER_BIN"]).exists()
    built = {
        "anywhere" if path.name.endswith("-any.whl") else "here": path
        for path in out.glob("*.whl")
    }
    (built["source"],) = out.glob("*.tar.gz")
    assert set(built) == {"anywhere", "here", "source"}
    return built


@pytest.fixture(scope="module")
def environment(
    wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    """An environment with the wheel for this platform."""
    return Environment(tmp_path_factory.mktemp("venv"), wheels["here"])


@pytest.fixture
def server(environment: Environment, tmp_path: Path) -> Iterator[str]:
    """The address of the installed, running server."""
    command = environment.command("nbcourier")
    options = ["--standalone", "--port", "0", "--data-dir", str(tmp_path / "data")]
    options += ["--admins", "root"]
    process = subprocess.Popen(
        [*command, "serve", *options], stderr=subprocess.PIPE, text=True
    )
    # Ends the reading if the server never listens.
    limit = Timer(ANSWER_LIMIT_S, process.kill)
    limit.start()
    try:
        lines = iter(process.stderr.readline, "")
        line = next((line for line in lines if "http://" in line), None)
        limit.cancel()
        assert line, "the installed server does not listen"
        yield "http://" + line.split("http://", 1)[1].split()[0].rstrip("/,.")
    finally:
        limit.cancel()
        process.terminate()
        process.communicate(timeout=ANSWER_LIMIT_S)


def test_the_server_is_on_the_path_and_answers(
    environment: Environment, server: str
) -> None:
    version = environment.metadata("version('nbcourier')")
    assert environment.run("nbcourier", "--version") == f"nbcourier {version}\n"
    root = server.split("/api")[0]
    assert requests.get(f"{root}/healthz", timeout=ANSWER_LIMIT_S).ok


def test_ngshares_course_management_is_on_the_path(
    environment: Environment, server: str
) -> None:
    identity = (f"NBCOURIER_URL={server}", "JUPYTERHUB_API_TOKEN=root")
    command = environment.command("ngshare-course-management")
    done = subprocess.run(
        [*command[:2], *identity, *command[2:], "create_course", "algebra"],
        text=True,
        capture_output=True,
        timeout=ANSWER_LIMIT_S,
    )
    assert done.stderr == ""
    assert done.stdout == "Successfully created algebra\n"


def test_the_plugin_is_there_and_asks_for_little(environment: Environment) -> None:
    configured = environment.run(
        "python",
        "-c",
        "import nbcourier, types\n"
        "class Section(dict):\n"
        "    __getattr__ = dict.__getitem__\n"
        "    __setattr__ = dict.__setitem__\n"
        "c = Section(ExchangeFactory=Section(), Authenticator=Section(), NbCourier=Section())\n"
        "nbcourier.configure(c)\n"
        "print(len(c.ExchangeFactory))",
    )
    assert configured.split() == ["8"]
    wanted = environment.metadata("requires('nbcourier')")
    assert "'requests" in wanted and "nbgrader>=0.9" in wanted
    needed = [each for each in literal_eval(wanted) if "extra ==" not in each]
    assert len(needed) == 1, needed
    points = environment.metadata("[*entry_points(group='fsspec.specs')]")
    assert "nbcourier.fs:NbCourierFileSystem" in points


def test_jupyter_servers_of_the_environment_load_the_extension(
    environment: Environment,
) -> None:
    assert_extension_is_enabled(environment)


def test_the_other_wheel_has_the_plugin_only(
    wheels: dict[str, Path], tmp_path: Path
) -> None:
    environment = Environment(tmp_path / "venv", wheels["anywhere"])
    assert environment.run("python", "-c", "import nbcourier; print(1)") == "1\n"
    assert not (environment.path / "bin" / "nbcourier").exists()
    assert not (environment.path / "bin" / "ngshare-course-management").exists()
    assert_extension_is_enabled(environment)


@pytest.mark.parametrize(
    ("kind", "programs"),
    [
        ("here", {"nbcourier", "ngshare-course-management"}),
        ("anywhere", set()),
    ],
)
def test_a_wheel_holds_our_files_and_nothing_else(
    wheels: dict[str, Path], kind: str, programs: set[str]
) -> None:
    with ZipFile(wheels[kind]) as wheel:
        names = {name for name in wheel.namelist() if not name.endswith("/")}
    expected = {name.removeprefix("python/") for name in tracked("python/nbcourier")}
    base = f"nbcourier-{wheels[kind].name.split('-')[1]}"
    data = tracked("python/install/data")
    expected |= {name.replace("python/install", f"{base}.data") for name in data}
    expected |= {f"{base}.data/scripts/{program}" for program in programs}
    about = {name for name in names if name.startswith(f"{base}.dist-info/")}
    assert names - about == expected


def test_the_source_distribution_holds_our_files_and_nothing_else(
    wheels: dict[str, Path],
) -> None:
    with tarfile.open(wheels["source"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names - {"PKG-INFO"} <= tracked(".")
    assert names >= tracked(
        "src", "crates", "migrations", "python", "Cargo.lock", "LICENSE"
    )


def tracked(*paths: str) -> set[str]:
    """Returns the files below these paths that belong to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *paths],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
        timeout=ANSWER_LIMIT_S,
    )
    return set(filter(None, listed.stdout.split("\0")))


def assert_extension_is_enabled(environment: Environment) -> None:
    """Looks for the configuration where a Jupyter server does: it is not in the environment itself."""
    directory = environment.path / "etc" / "jupyter" / "jupyter_server_config.d"
    config = json.loads((directory / "nbcourier.json").read_text())
    (package,) = config["ServerApp"]["jpserver_extensions"]
    points = f"import {package}; print(*{package}._jupyter_server_extension_points())"
    (point,) = environment.run("python", "-c", points).splitlines()
    module = literal_eval(point)["module"]
    environment.run("python", "-c", f"import {module}")
    # JupyterLab looks for the file that each extension names.
    page = environment.path / "share" / "jupyter" / "labextensions" / package
    about = json.loads((page / "package.json").read_text())
    assert about["name"] == package
    assert about["version"] == environment.metadata("version('nbcourier')")
    assert (page / about["jupyterlab"]["_build"]["load"]).is_file()
