"""A service of a real hub that mirrors the directories of courses."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hub import ADMIN, Hub
from people import Outcome, Person
from plugin_person import PluginPerson

COURSE = "algebra"
TEACHER = "ira"
SERVICE = "mirror"
TOKEN = secrets.token_hex(32)


@pytest.fixture(scope="module")
def hub(
    binary: Path, cache: Path, proxy: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    """A hub with the service, whose people have the program."""
    directory = tmp_path_factory.mktemp("hub6")
    servers = {"TEST_MIRROR_TOKEN": TOKEN}
    running = Hub(cache / "hub6", proxy, binary, directory, servers)
    running.person_class = type("Somebody", (PluginPerson,), {"binary": binary})
    yield running
    running.stop()


@pytest.fixture(scope="module")
def ira(hub: Hub) -> Person:
    """The teacher of the course, with two directories."""
    hub.add_user(ADMIN)
    hub.add_user(TEACHER, f"formgrade-{COURSE}")
    succeed(hub.person(ADMIN), "course", "create", COURSE, TEACHER)
    ira = hub.person(TEACHER)
    for name in ("data", "exercises"):
        folder = ira.home / name
        folder.mkdir()
        (folder / "first.csv").write_text(f"{name} 1\n")
        succeed(ira, "dir", "create", f"{COURSE}:{name}")
        succeed(ira, "dir", "put", "-r", name, f"{COURSE}:{name}")
    return ira


def asked(person: Person, *arguments: str) -> Outcome:
    """Runs the program."""
    person.env["NBCOURIER_URL"] = person.url
    return person.attempt("nbcourier", *arguments)


def succeed(person: Person, *arguments: str) -> str:
    """Runs the program, which must succeed, and returns its output."""
    outcome = asked(person, *arguments)
    assert outcome.code == 0, str(outcome)
    return outcome.stdout


@pytest.fixture
def mirror(hub: Hub) -> Callable[..., Outcome]:
    """Runs a mirror with a token, which is that of the service if no other is given."""

    def run(*arguments: str, token: str = TOKEN) -> Outcome:
        home = hub.directory / "home" / f"service {secrets.token_hex(4)}"
        identity = {"JUPYTERHUB_API_TOKEN": token}
        service = hub.person_class(
            name=SERVICE, home=home, url=hub.service_url, identity=identity
        )
        return asked(service, "mirror", *arguments)

    return run


def others_read(folder: Path) -> bool:
    """Whether people who are not in the group of a folder read it."""
    return bool(folder.stat().st_mode & 0o005)


def test_a_service_without_rights_receives_what_is_open_and_then_what_is_granted(
    ira: Person, mirror: Callable[..., Outcome], tmp_path: Path
) -> None:
    to = tmp_path / "courses"
    data, exercises = (to / COURSE / name for name in ("data", "exercises"))
    # The group of the person who runs this test.
    group = f"{COURSE}={os.getgid()}"
    refused = mirror("--to", str(to), COURSE)
    assert refused.code == 1, str(refused)
    assert f"No directory of the course {COURSE} is mirrored" in refused.text
    assert not data.exists()

    # The teacher opens one.
    succeed(ira, "dir", "share", f"{COURSE}:data", "--everybody")
    done = mirror("--to", str(to))
    assert (done.code, exercises.exists()) == (0, False), str(done)
    assert (data / "first.csv").read_text() == "data 1\n"
    assert others_read(data)

    # The next run brings what has changed.
    (ira.home / "second.csv").write_text("data 2\n")
    succeed(ira, "dir", "put", "second.csv", f"{COURSE}:data/second.csv")
    assert mirror("--to", str(to)).code == 0
    names = sorted(path.name for path in data.iterdir())
    assert names == ["first.csv", "second.csv"]

    # What is granted to the service is for a group of this machine only, and so is all of the course then.
    service = ("--user", f"service:{SERVICE}")
    succeed(ira, "dir", "share", f"{COURSE}:exercises", *service)
    left = mirror("--to", str(to))
    assert (left.code, exercises.exists()) == (0, False), str(left)
    assert "--group" in left.text
    done = mirror("--to", str(to), "--group", group)
    assert done.code == 0, str(done)
    assert (exercises / "first.csv").read_text() == "exercises 1\n"
    assert not others_read(exercises) and not others_read(data)

    # Without the grant, it is named and stays until --prune.
    succeed(ira, "dir", "unshare", f"{COURSE}:exercises", *service)
    gone = mirror("--to", str(to), "--group", group)
    assert (gone.code, exercises.exists()) == (1, True), str(gone)
    assert f"{COURSE}/exercises: It was deleted on the exchange, or" in gone.text
    pruned = mirror("--to", str(to), "--group", group, "--prune")
    assert (pruned.code, exercises.exists()) == (0, False), str(pruned)
    assert data.is_dir()


@pytest.mark.parametrize(
    ("token", "sentence"),
    [("0" * 32, "The hub does not know this token"), ("", "There is no token")],
)
def test_a_token_of_nobody_receives_nothing(
    ira: Person,
    mirror: Callable[..., Outcome],
    tmp_path: Path,
    token: str,
    sentence: str,
) -> None:
    succeed(ira, "dir", "share", f"{COURSE}:data", "--everybody")
    refused = mirror("--to", str(tmp_path / "courses"), token=token)
    assert refused.code == 1, str(refused)
    assert sentence in refused.text
    assert list((tmp_path / "courses").glob("[!.]*")) == []
