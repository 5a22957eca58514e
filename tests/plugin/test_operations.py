"""Runs every command on the page for administrators, section by section, in the order of the page."""

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from course import RELEASED, Course, PluginStandalone, enrol
from ngshare import small
from processes import free_ports
from test_documents import ROOT

PAGE = ROOT / "docs" / "operations.md"
LIMIT_S = 60


class Algebra(Course):
    """The course of the page: ira teaches it, ada and bob have submitted ps1."""

    def __init__(self, service: PluginStandalone) -> None:
        self.name = "algebra"
        self.url = service.url
        self.service = service
        self.instructor = service.person("ira")
        self.first = service.person("ada")
        self.second = service.person("bob")
        enrol(self.name, service.admin, self.instructor, (self.first, self.second))
        self.release()
        for student in (self.first, self.second):
            self.submit(student, RELEASED)


@dataclass
class Operator:
    """A person on the machine of a running server, in an empty directory of their own."""

    service: PluginStandalone
    course: Algebra
    home: Path
    env: dict[str, str]

    def run(self, command: str, *, code: int = 0, expect: str = "") -> str:
        """Runs a printed command; it must end with this status and print what is expected."""
        outcome = subprocess.run(
            ["bash", "-c", command],
            cwd=self.home,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        said = outcome.stdout + outcome.stderr
        assert outcome.returncode == code, f"{command}: {outcome.returncode}\n{said}"
        assert expect in said, f"{command}:\n{said}"
        return said


def on_another_disk(operator: Operator) -> Callable[[str], object]:
    """Runs a command with directories of the operator in place of another disk and another data directory."""

    def run(command: str) -> str:
        for place in ("/mnt/backup", "/srv/restored"):
            command = command.replace(place, str(operator.home / Path(place).name))
        return operator.run(command)

    return run


def for_backups(operator: Operator) -> dict[str, Callable[[str], object]]:
    """Runs the commands literally, except for the names of directories."""
    run = on_another_disk(operator)
    return dict.fromkeys(sections()["Backup and restore"], run)


def for_clearing(operator: Operator) -> None:
    """Puts something into the trash."""
    operator.service.admin.send("DELETE", "course/algebra")


def for_checking(operator: Operator) -> dict[str, Callable[[str], object]]:
    """Makes a backup; the server is stopped before a repair."""
    run = on_another_disk(operator)
    run("nbcourier backup /mnt/backup/nbcourier")

    def repair(command: str) -> object:
        operator.service.stop()
        return run(command)

    return {command: repair for command in sections()["Checking"] if "--repair" in command}


# Prepares what the commands of a section need. It may return a replacement for single commands. A section without
# commands needs none.
Prepare = Callable[[Operator], "dict[str, Callable[[str], object]] | None"]
SECTIONS: dict[str, Prepare] = {
    "A course as an archive": lambda _: None,
    "Backup and restore": for_backups,
    "Cleaning up": for_clearing,
    "Checking": for_checking,
}


def with_real_place(operator: Operator, place: str, really: Path) -> Callable[[str], object]:
    """Runs a command with a directory of the test in place of the one on the page."""
    return lambda command: operator.run(command.replace(place, str(really)))


def moving_from_ngshare(operator: Operator) -> dict[str, Callable[[str], object]]:
    """Makes an ngshare, and stops the server, which holds the data directory."""
    small(operator.home / "ngshare")
    operator.service.stop()
    run = with_real_place(operator, "/srv/ngshare", operator.home / "ngshare")
    return dict.fromkeys(sections()["Moving in from ngshare"], run)


def moving_from_a_directory(operator: Operator) -> dict[str, Callable[[str], object]]:
    """Makes a shared directory, and stops the server, which holds the data directory."""
    work = "ada+ps2+2026-01-30 10:30:47.524219 UTC"
    root = operator.home / "exchange"
    for directory in ("outbound/ps2", f"inbound/{work}"):
        (root / "algebra" / directory).mkdir(parents=True)
    operator.service.stop()
    run = with_real_place(operator, "/srv/nbgrader/exchange", root)
    return dict.fromkeys(sections()["Moving in from a shared directory"], run)


SECTIONS["Moving in from ngshare"] = moving_from_ngshare
SECTIONS["Moving in from a shared directory"] = moving_from_a_directory


def limits(operator: Operator) -> dict[str, Callable[[str], object]]:
    """Checks that a server reads the settings, and then finds that another one is running."""
    [settings] = re.findall(r"^```toml\n(max-submissions.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    (operator.home / "nbcourier.toml").write_text(settings)
    operator.run("nbcourier serve --standalone --config nbcourier.toml", code=1, expect="Another nbcourier")
    here = operator.service.url.rstrip("/")
    ask = "curl -sS http://127.0.0.1:10101/services/nbcourier/readyz"
    return {ask: lambda _: operator.run(f"curl -sS {here}/readyz", expect='"success":true')}


SECTIONS["Limits"] = limits


def watching(operator: Operator) -> dict[str, Callable[[str], object]]:
    """Lets the server publish its metrics; it runs stand-alone, and doctor gets the same option."""
    (port,) = free_ports(1)
    service = operator.service
    service.stop()
    service._env["NBCOURIER_METRICS_ADDRESS"] = f"127.0.0.1:{port}"
    service.start()
    operator.env |= {
        "NBCOURIER_STANDALONE": "yes",
        "NBCOURIER_PORT": service.url.split(":")[-1].split("/")[0],
    }
    curl = "curl -s http://127.0.0.1:9100/metrics"
    (as_the_server,) = (line for line in sections()["Watching"] if line.startswith("xargs"))

    def run_as_the_server(command: str) -> str:
        # Other servers run on the machine of the tests.
        command = command.replace("$(pgrep -o nbcourier)", str(service._program.process.pid))
        command = command.replace("/srv/nbcourier", str(service.data))
        return operator.run(command, expect="Nothing is wrong")

    return {
        curl: lambda command: operator.run(
            command.replace("9100", str(port)), expect="nbcourier_build_info"
        ),
        "nbcourier doctor": lambda command: operator.run(command, expect="Nothing is wrong"),
        as_the_server: run_as_the_server,
    }


def secrets(operator: Operator) -> None:
    """Sets the environment of a service behind a hub."""
    operator.env["JUPYTERHUB_API_URL"] = "http://127.0.0.1:8081/hub/api"


SECTIONS["Watching"] = watching
SECTIONS["Secrets"] = secrets


def people(operator: Operator) -> "dict[str, Callable[[str], object]]":
    """Adds a student who will be removed and a student whom a file renames."""
    nothing = {"first_name": "", "last_name": "", "email": ""}
    for student in ("kim", "lee"):
        operator.course.instructor.post(f"student/algebra/{student}", **nothing)
    (operator.home / "renames.csv").write_text("lee,leonie\n")

    def says(expect: str) -> Callable[[str], object]:
        return lambda command: operator.run(command, expect=expect)

    return {
        "nbcourier user show ada": says("algebra"),
        "nbcourier user rename bob robert --dry-run": says("Would have renamed bob"),
        "nbcourier user merge robert ada --yes": says("Given all of robert to ada"),
        "nbcourier user rename --from-file renames.csv --dry-run": says("lee"),
        "nbcourier user rename --from-file renames.csv": says("leonie"),
        "tar -xOf ada.tar ada/README.txt": says("stored about ada"),
        "nbcourier user purge ada --yes": says("2 submissions"),
        "nbcourier user retire kim": says("former:kim:"),
        "nbcourier user adopt kim --yes": says("Given back to kim"),
        "nbcourier user adopt --all --yes": says("Nothing is set aside"),
    }


def events(operator: Operator) -> "dict[str, Callable[[str], object]]":
    """Makes the operator an administrator at a terminal."""
    operator.env["NBCOURIER_URL"] = operator.service.url
    operator.env["JUPYTERHUB_API_TOKEN"] = operator.service.admin.name
    return {
        "nbcourier events algebra": lambda command: operator.run(command, expect="submitted")
    }


SECTIONS["People"] = people
SECTIONS["Who did what"] = events


def sections() -> dict[str, list[str]]:
    """Returns the commands of each section of the page: the lines of its blocks."""
    found = {}
    for part in re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        # A command may go on in the next line.
        blocks = [re.sub(r" \\\n\s+", " ", block) for block in blocks]
        lines = [line.split("  #")[0].rstrip() for block in blocks for line in block.splitlines()]
        found[title] = [line for line in lines if line]
    return found


@pytest.fixture
def operator(binary: Path, tmp_path: Path) -> Iterator[Operator]:
    """An operator with a running server, on which ira teaches algebra, and ada and bob have submitted ps1."""
    directory, home = tmp_path / "service", tmp_path / "operator"
    directory.mkdir()
    home.mkdir()
    service = PluginStandalone(binary, directory)
    env = {
        "PATH": f"{binary.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "USER": "olga",
        "LC_ALL": "C.UTF-8",
        "NBCOURIER_DATA_DIR": str(service.data),
    }
    yield Operator(service, Algebra(service), home, env)
    service.stop()


@pytest.mark.parametrize("title", [title for title, commands in sections().items() if commands])
def test_every_command_of_the_section_works(operator: Operator, title: str) -> None:
    prepare = SECTIONS.get(title)
    assert prepare is not None, f"nothing prepares for the commands of {title!r}"
    instead = prepare(operator) or {}
    commands = sections()[title]
    assert not set(instead) - set(commands), "of commands that are not on the page"
    for command in commands:
        instead.get(command, operator.run)(command)


def test_a_command_in_a_sentence_is_one_of_a_block() -> None:
    """The tests run the blocks. A sentence may name sub-commands, but no whole command that is not in a block."""
    text = re.sub(r"^```.*?^```", "", PAGE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for span in re.findall(r"`(nbcourier [^`\n]+)`", text):
        assert len(shlex.split(span)) <= 3, f"{span} is on the page and not run"
