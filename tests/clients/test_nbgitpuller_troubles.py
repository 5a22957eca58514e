"""The troubles that users of nbgitpuller report, at a real JupyterHub: a course follows a repository, a student works in the
folder, and her server starts again. The numbers are those of issues of jupyterhub/nbgitpuller.

All troubles meet in one folder, each in a folder of its own below. So none of them stops the others. The tests of a version
of the hub run in their order.
"""

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from delivered import (
    COURSE,
    LIMIT_S,
    POLL_S,
    STUDENT,
    TEACHER,
    Place,
    nbcourier,
    notebook,
    start_hub,
)
from hub import Hub
from people import Person
from processes import kill_by_variable
from relay import Relay
from repositories import GitServer, Repository

FIRST, SECOND, HERS = notebook("a = 1"), notebook("a = 2"), notebook("a = 'Ada'", 3)
RUN = notebook("a = 1", 9)
# Files of a student that no course knows.
OWN = {f"own/{number}.csv": f"{number}" for number in range(20)}

# The bytes that come through before a pull is stalled: all short replies, and the beginning of the files.
BEFORE_STALL = 256 * 1024
LARGE = random.Random(16).randbytes(2 << 20).hex()


def write(files: dict[str, str], folder: Path) -> None:
    """Saves files in the folder."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)


def save(files: dict[str, str]) -> Callable[[Path], None]:
    """Returns the work of a student who saves these files."""
    return partial(write, files)


def rename(folder: Path) -> None:
    """Gives a file another name."""
    (folder / "a.txt").rename(folder / "mine.txt")


def delete(folder: Path) -> None:
    """Deletes a file."""
    (folder / "a.txt").unlink()


@dataclass(frozen=True)
class Trouble:
    """The teacher's first files, what the student does, the teacher's changes, and the files that the student has then."""

    first: dict[str, str]
    work: Callable[[Path], None]
    second: dict[str, str | None]
    expected: dict[str, str]


TROUBLES = {
    # The teacher deletes a file that the student has edited: each later pull fails.
    "69": Trouble(
        {"a.ipynb": FIRST, "b.txt": "1"},
        save({"a.ipynb": HERS}),
        {"a.ipynb": None, "b.txt": "2"},
        {"a.ipynb": HERS, "b.txt": "2"},
    ),
    # The teacher renames a file that the student has edited.
    "196": Trouble(
        {"a.ipynb": FIRST, "b.txt": "1"},
        save({"a.ipynb": HERS}),
        {"a.ipynb": None, "renamed.ipynb": FIRST},
        {"a.ipynb": HERS, "b.txt": "1", "renamed.ipynb": FIRST},
    ),
    # The student renames a file, and the teacher changes another one: git ends with the code 128.
    "221": Trouble(
        {"a.txt": "1", "b.txt": "1"},
        rename,
        {"b.txt": "2"},
        {"mine.txt": "1", "b.txt": "2"},
    ),
    # The same with a file that the student deletes.
    "234": Trouble(
        {"a.txt": "1", "b.txt": "1"}, delete, {"b.txt": "2"}, {"b.txt": "2"}
    ),
    # Both change a notebook: the student does not notice the correction.
    "263": Trouble(
        {"a.ipynb": FIRST},
        save({"a.ipynb": HERS}),
        {"a.ipynb": SECOND},
        {"a.ipynb": HERS, "a.new-DAY.ipynb": SECOND},
    ),
    # Files of the student are renamed in heaps, or stop the pull.
    "277": Trouble(
        {"b.txt": "1"},
        save(OWN | {"Untitled.ipynb": HERS}),
        {"b.txt": "2", "Untitled.ipynb": FIRST},
        OWN | {"b.txt": "2", "Untitled.ipynb": FIRST, "Untitled.mine-DAY.ipynb": HERS},
    ),
    # A pull commits what the student has edited. So deleting the file does not bring the original back.
    "279": Trouble(
        {"a.txt": "1", "b.txt": "1"},
        save({"a.txt": "hers"}),
        {"b.txt": "2"},
        {"a.txt": "hers", "b.txt": "2"},
    ),
    # The student has only run a notebook, and never sees the correction of it.
    "run": Trouble(
        {"a.ipynb": FIRST}, save({"a.ipynb": RUN}), {"a.ipynb": SECOND}, {"a.ipynb": SECOND}
    ),
    # The history is replaced by another one, which has nothing in common with it.
    "forced": Trouble(
        {"a.txt": "1", "b.txt": "1", "c.txt": "1"},
        save({"b.txt": "hers"}),
        {},
        {"a.txt": "1", "b.txt": "hers", "c.txt": "1"},
    ),
}
FORCED = {"a.txt": "one", "b.txt": None, "z.txt": "new"}
AFTER_FORCE = {"a.txt": "one", "b.txt": "hers", "c.txt": "1", "z.txt": "new"}
NUMBERS = sorted(TROUBLES.keys() - {"forced"})


def contents(folder: Path) -> dict[str, str]:
    """Returns the files of a folder without the state, and without the days in their names."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.startswith(".nbcourier"):
            found[re.sub(r"-\d{4}-\d\d-\d\d\b", "-DAY", name)] = path.read_text()
    return found


@dataclass
class Term:
    """The hub, the repository, the two people, and the student's files after each of her starts."""

    hub: Hub
    repository: Repository
    ira: Person
    binary: Path
    stall: Path
    version: int = 1
    started: list[dict[str, dict[str, str]]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """Returns the home of the student's server."""
        return self.hub.directory / "servers" / STUDENT

    @property
    def folder(self) -> Path:
        """Returns the folder that the course delivers."""
        return self.home / COURSE

    def log(self) -> str:
        """Returns the log of the student's starts."""
        log = self.home / ".nbcourier" / "log"
        return log.read_text() if log.is_file() else "no log"

    def look(self) -> None:
        """Makes the server look at the repository, whose files are a new version."""
        nbcourier(self.ira, self.binary, "materials", "pull", COURSE)
        self.version += 1

    def start(self) -> None:
        """Starts the student's server, waits until staff see that her folder has the version, and stops it."""
        self.hub.start_server(STUDENT)
        limit = time.monotonic() + LIMIT_S
        while True:
            listed = self.ira.get(f"v1/courses/{COURSE}/starts", person=STUDENT)["starts"]
            last = listed[0] if listed else {}
            if (last.get("version"), last.get("outcome")) == (self.version, "updated"):
                break
            assert time.monotonic() < limit, f"{listed[:2]}, and the log: {self.log()}"
            time.sleep(POLL_S)
        self.hub.stop_server(STUDENT)
        self.started.append({name: contents(self.folder / name) for name in TROUBLES})


@pytest.fixture(scope="module", params=["hub6", "hub5"])
def term(
    request: pytest.FixtureRequest,
    binary: Path,
    cache: Path,
    proxy: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Term]:
    """A student who has started her server three times: at first, after both have worked, and after a force push."""
    directory = tmp_path_factory.mktemp(request.param)
    git = GitServer(directory / "git")
    stall = directory / "stall"
    program = directory / "program"
    # With a file, her program reaches the exchange by the address in it.
    program.write_text(
        f'#!/bin/sh\n[ ! -f "{stall}" ] || export NBCOURIER_URL="$(cat "{stall}")"\nexec "{binary}" "$@"\n'
    )
    program.chmod(0o755)
    place = Place(request.param, binary, cache, proxy, directory)
    hub = start_hub(place, git.options, program)
    try:
        term = Term(hub, git.repository("lecture"), hub.person(TEACHER), binary, stall)
        term.repository.push(
            {f"{name}/{path}": text for name, one in TROUBLES.items() for path, text in one.first.items()}
        )
        address = f"https://{git.host}/lecture"
        create = ("dir", "create", f"{COURSE}:materials", "--deliver", COURSE, "--at-start")
        nbcourier(term.ira, binary, *create)
        nbcourier(term.ira, binary, "materials", "set", COURSE, "--url", address)
        term.look()
        term.start()

        for name, one in TROUBLES.items():
            one.work(term.folder / name)
        term.repository.push(
            {f"{name}/{path}": text for name, one in TROUBLES.items() for path, text in one.second.items()}
        )
        term.look()
        term.start()

        later = {f"{name}/later.txt": "later" for name in TROUBLES}
        term.repository.rewrite(later | {f"forced/{path}": text for path, text in FORCED.items()})
        term.look()
        term.start()
        yield term
    finally:
        hub.stop()
        git.stop()


@pytest.mark.parametrize("name", NUMBERS)
def test_a_trouble_of_nbgitpuller_costs_nothing_and_stops_no_later_pull(
    term: Term, name: str
) -> None:
    one = TROUBLES[name]
    first, second, third = (start[name] for start in term.started[:3])
    assert first == one.first
    assert second == one.expected
    assert third == one.expected | {"later.txt": "later"}


def test_263_the_student_and_the_teacher_can_read_which_files_these_are(term: Term) -> None:
    log = term.log()
    assert f"{COURSE}/263/a.ipynb stays as you changed it." in log
    assert re.search(r"beside it, in (263/)?a\.new-", log), log
    listed = term.ira.get(f"v1/courses/{COURSE}/starts", person=STUDENT)["starts"]
    (beside,) = next(start["report"]["beside"] for start in listed if start["report"]["beside"])
    assert beside["path"] == "263/a.ipynb"
    # What was replaced is kept, and nothing but that.
    kept = {path.name: path.read_text() for path in term.folder.glob(".nbcourier/kept/*/run/*")}
    assert kept == {"a.ipynb": RUN}


def test_a_force_push_is_an_ordinary_update(term: Term) -> None:
    _, second, third = (start["forced"] for start in term.started[:3])
    assert second == TROUBLES["forced"].expected
    assert third == AFTER_FORCE | {"later.txt": "later"}
    # No copy of the folder is made.
    assert [path.name for path in term.home.iterdir() if not path.name.startswith(".")] == [COURSE]


def test_279_deleting_to_start_over_gives_the_original(term: Term) -> None:
    ada = term.hub.person(STUDENT)
    edited = term.folder / "279" / "a.txt"
    assert edited.read_text() == "hers"
    edited.unlink()
    ada.env["HOME"] = str(term.home)
    nbcourier(ada, term.binary, "pull", "--missing")
    assert edited.read_text() == "1"


def test_a_server_that_is_culled_in_mid_pull_blocks_no_later_pull(term: Term) -> None:
    many = {f"culled/{number}.txt": f"{number}" for number in range(30)}
    term.repository.push(many | {"culled/large.txt": LARGE, "69/later.txt": "latest"})
    term.look()
    before = contents(term.folder)
    relay = Relay(term.hub.proxy_port, most=BEFORE_STALL)
    term.stall.write_text(f"http://127.0.0.1:{relay.port}/services/nbcourier")
    term.hub.start_server(STUDENT)
    incoming = term.folder / ".nbcourier" / "incoming"
    limit = time.monotonic() + LIMIT_S
    while not (incoming.is_dir() and any(incoming.iterdir())):
        assert time.monotonic() < limit, f"no pull is under way; the log says {term.log()}"
        time.sleep(POLL_S)
    # The hub stops the server, and with it the container ends in which everything of her runs.
    term.hub.stop_server(STUDENT)
    killed = kill_by_variable("HOME", str(term.home))
    assert any(command.endswith(" start") for command in killed), killed
    assert contents(term.folder) == before
    term.stall.unlink()
    relay.stop()
    term.start()
    after = contents(term.folder)
    assert after == before | many | {"culled/large.txt": LARGE, "69/later.txt": "latest"}
    assert not any(incoming.iterdir())
