"""The exchange as a file system: in the process of the tests, and installed for programs of a person."""

import os
import sys
import tomllib
from pathlib import Path

import pytest
from course import PYTHON_SOURCE, PluginPerson
from people import Outcome, Person

sys.path.insert(0, str(PYTHON_SOURCE))

from nbcourier.fs import NbCourierFileSystem

WEATHER = b"day,rain\n1,2.5\n2,0.0\n"


def opened(person: PluginPerson, url: str = "", **options: object) -> NbCourierFileSystem:
    """Returns the file system of a person."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTERHUB_API_TOKEN", person.token)
        patch.setenv("NBCOURIER_URL", url or person.url)
        made = NbCourierFileSystem(skip_instance_cache=True, **options)
        # It reads the environment at its first use.
        assert made.exchange is made.exchange
    return made


def install(person: PluginPerson, directory: Path) -> None:
    """Gives a person's programs the entry points of the package, as its installation does."""
    project = tomllib.loads((PYTHON_SOURCE.parent / "pyproject.toml").read_text())["project"]
    about = directory / "nbcourier-0.dist-info"
    about.mkdir(exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: nbcourier\nVersion: 0\n")
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (about / "entry_points.txt").write_text("\n".join(lines))
    person.env["PYTHONPATH"] = os.pathsep.join((str(PYTHON_SOURCE), str(directory)))
    person.env["NBCOURIER_URL"] = person.url


def run(person: PluginPerson, program: str) -> str:
    """Runs a program in Python, which must succeed; returns its output."""
    outcome: Outcome = Person.attempt(person, "python", "-c", program)
    assert outcome.code == 0, str(outcome)
    return outcome.stdout


def version(fs: NbCourierFileSystem, directory: str) -> int:
    """Returns the current version of a directory."""
    return fs.info(directory)["version"]


def below(fs: NbCourierFileSystem, directory: str) -> list[str]:
    """Returns the paths of all files in a directory."""
    return [each.removeprefix(f"{directory}/") for each in fs.find(directory)]
