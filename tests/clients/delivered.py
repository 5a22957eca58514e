"""A course that delivers, at a hub whose notebook servers have the extension and the program."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hub import ADMIN, Hub
from people import COMMAND_LIMIT_S, Person
from plugin_person import lab_servers

# A server that starts, and its program in the background, on a machine that is busy with other tests.
LIMIT_S = 120
POLL_S = 0.1

COURSE = "algebra"
TEACHER = "ira"
STUDENT = "ada"


def notebook(source: str, runs: int = 0) -> str:
    """Returns a notebook with one cell, which was run so many times."""
    output = {"output_type": "stream", "name": "stdout", "text": [str(runs)]}
    cell = {
        "cell_type": "code",
        "source": source,
        "metadata": {},
        "execution_count": runs,
        "outputs": [output] if runs else [],
    }
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
    )


@dataclass(frozen=True)
class Place:
    """Where a hub is started: its version, the program of the exchange and of people, and what is installed."""

    version: str
    binary: Path
    cache: Path
    proxy: Path
    directory: Path


def start_hub(place: Place, options: list[str], program: Path | None = None) -> Hub:
    """Starts a hub with a course, and its exchange with these options. Notebook servers run another program if there is one."""
    programs = place.directory / "bin"
    programs.mkdir()
    (programs / "nbcourier").symlink_to(program or place.binary)
    environment = place.cache / place.version
    paths = (environment / "bin", programs, os.environ["PATH"])
    servers = lab_servers(place.cache, place.directory) | {
        "PATH": os.pathsep.join(map(str, paths)),
        "TEST_SERVE_OPTIONS": "\n".join(options),
    }
    hub = Hub(environment, place.proxy, place.binary, place.directory, servers)
    hub.add_user(ADMIN)
    hub.add_user(TEACHER, f"formgrade-{COURSE}")
    hub.add_user(STUDENT, f"nbgrader-{COURSE}")
    hub.person(ADMIN).manage("create_course", COURSE)
    return hub


def nbcourier(person: Person, binary: Path, *arguments: str) -> str:
    """Runs the program in the person's home, as a terminal of their server does."""
    done = subprocess.run(
        [str(binary), *arguments],
        cwd=person.home,
        env=person.env | {"NBCOURIER_URL": person.url},
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
