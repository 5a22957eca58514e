"""A folder of a student that is kept equal with a directory of hers, by her Jupyter server on a real hub."""

import contextlib
import json
import os
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from browser import start_browser
from hub import CALL_LIMIT_S, Hub
from lab import CELL, Desk, Lab
from lab_hub import JupyterServer, lab_hub, notebook, put, until

STUDENT = "ada"
FOLDER = "thesis"
# Data that she produces: so many files of so many bytes, which are sent in several parts.
FILES = 40
SIZE = 1_000_000


@dataclass
class Home:
    """The hub, the student at her browser, and the directory of hers, which she also reaches from elsewhere."""

    hub: Hub
    ada: Desk
    token: str = ""

    @property
    def folder(self) -> Path:
        """Returns the folder in the home of her server."""
        return self.hub.directory / "servers" / STUDENT / FOLDER

    def stored(self) -> set[str]:
        """Returns the paths of the files in the directory."""
        reply = self._ask("GET", "entries")
        return {each["path"] for each in reply.json()["entries"] if each["kind"] == "file"}

    def read(self, path: str) -> bytes:
        """Returns a file of the directory."""
        return self._ask("GET", f"files/{path}").content

    def write(self, path: str, content: bytes) -> None:
        """Writes a file of the directory, from elsewhere."""
        self._ask("PUT", f"files/{path}", content)

    def agents(self) -> list[Path]:
        """Returns the programs that sync for her, beside a server."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                arguments = (place / "cmdline").read_bytes().split(b"\0")
                hers = f"JUPYTERHUB_USER={STUDENT}".encode() in (place / "environ").read_bytes()
                if hers and arguments[1:4] == [b"sync", b"run", b"--attached"]:
                    found.append(place)
        return found

    def log(self) -> str:
        """Returns the log of the pair."""
        log = self.folder / ".nbcourier" / "log"
        return log.read_text() if log.is_file() else "nothing"

    def _ask(self, method: str, path: str, content: bytes | None = None) -> requests.Response:
        reply = requests.request(
            method,
            f"{self.hub.service_url}/v1/directories/{STUDENT}/{FOLDER}/{path}",
            data=content,
            headers={"Authorization": f"token {self.token}"},
            timeout=CALL_LIMIT_S,
        )
        assert reply.ok, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply


@pytest.fixture
def home(
    binary: Path,
    cache: Path,
    proxy: Path,
    screenshots: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Home]:
    hub = lab_hub(binary, cache, proxy, tmp_path / "hub")
    profile = tmp_path_factory.mktemp("profile")
    ada = Desk(start_browser(profile), hub, STUDENT, screenshots)
    try:
        hub.add_user(STUDENT)
        yield Home(hub, ada, hub.token(STUDENT))
    finally:
        ada.leave()
        hub.stop()


def source_of(content: bytes) -> str:
    """Returns the source of the only cell of a notebook, or nothing while JupyterLab writes the file."""
    try:
        (cell,) = json.loads(content)["cells"]
    except ValueError:
        return ""
    return "".join(cell["source"])


def changed(source: str) -> bytes:
    """Returns a notebook that was written elsewhere."""
    return json.dumps(notebook(source)).encode()


def test_a_folder_on_the_hub_and_a_directory_stay_equal_while_servers_come_and_go(
    home: Home,
) -> None:
    hub, ada, folder = home.hub, home.ada, home.folder
    put(hub.directory / "servers" / STUDENT, f"{FOLDER}/plan.ipynb", "6 * 7")
    ada.log_in()
    terminal = JupyterServer(hub, STUDENT)
    terminal.command("nbcourier", "sync", "add", FOLDER)
    terminal.command("nbcourier", "sync", "run", "--once")
    assert home.stored() == {"plan.ipynb"}
    hub.stop_server(STUDENT)

    # From the next start on, the agent runs beside the server. She runs the notebook in JupyterLab and saves it.
    ada.come_back()
    until(lambda: len(home.agents()) == 1, home.log)
    lab = Lab(ada)
    lab.open_file(FOLDER)
    lab.open_file("plan.ipynb")
    lab.run()
    ada.read("42")
    lab.save()
    until(lambda: "42" in home.read("plan.ipynb").decode(), home.log)

    # What comes from elsewhere is in her folder, and JupyterLab shows it.
    home.write("lessons/one.ipynb", changed("'laptop'"))
    one = folder / "lessons" / "one.ipynb"
    until(one.is_file, home.log)
    assert one.read_bytes() == changed("'laptop'")
    ada.find("//li[contains(@class, 'jp-DirListing-item')][contains(., 'lessons')]")

    # Both change the notebook before either knows of the other.
    terminal.command("nbcourier", "sync", "pause")
    assert "paused" in terminal.command("nbcourier", "sync", "status")
    ada.click(CELL)
    ada.type(CELL, "# Ada\n")
    lab.save()
    plan = folder / "plan.ipynb"
    until(lambda: "Ada" in source_of(plan.read_bytes()), home.log)
    hers = plan.read_bytes()
    home.write("plan.ipynb", changed("'laptop'"))
    terminal.command("nbcourier", "sync", "resume")
    # She has it open, so nothing is replaced before she closes it. Other files come.
    home.write("lessons/while.ipynb", changed("'open'"))
    until((folder / "lessons" / "while.ipynb").is_file, home.log)
    status = terminal.command("nbcourier", "sync", "status")
    assert "plan.ipynb is open in JupyterLab" in status
    assert plan.read_bytes() == hers
    assert home.read("plan.ipynb") == changed("'laptop'")
    ada.picture("open")
    lab.close()
    until(lambda: any(".conflict-" in path for path in home.stored()), home.log)
    (copy,) = folder.glob("plan.conflict-*.ipynb")
    assert copy.read_bytes() == home.read(copy.name) == hers
    assert plan.read_bytes() == home.read("plan.ipynb") == changed("'laptop'")
    ada.find(f"//li[contains(@class, 'jp-DirListing-item')][contains(., '{copy.name}')]")
    ada.picture("conflict")

    # Her data are on their way when the hub stops the server, and the agent does not even get the time to end.
    before = home.stored()
    for number in range(FILES):
        (folder / f"data-{number}.bin").write_bytes(random.Random(number).randbytes(SIZE))
    until(lambda: home.stored() > before, home.log)
    (agent,) = home.agents()
    os.kill(int(agent.name), signal.SIGSTOP)
    hub.stop_server(STUDENT)
    until(lambda: home.agents() == [], lambda: "the agent outlives the server")
    home.write("lessons/two.ipynb", changed("'meanwhile'"))
    ada.come_back()
    data = {f"data-{number}.bin" for number in range(FILES)}
    everything = before | data | {"lessons/two.ipynb"}
    until(lambda: home.stored() == everything, home.log)
    until((folder / "lessons" / "two.ipynb").is_file, home.log)
    for path in everything:
        assert home.read(path) == (folder / path).read_bytes()

    # The status says so in a sentence for each folder.
    seen = [""]

    def is_synced() -> bool:
        seen[0] = JupyterServer(hub, STUDENT).command("nbcourier", "sync", "status")
        return "synced" in seen[0]

    until(is_synced, lambda: seen[0])
    heading, row = seen[0].strip().splitlines()
    assert heading.split() == ["folder", "directory", "mode", "state", "since"]
    assert row.split()[:4] == [str(folder), f"{STUDENT}/{FOLDER}", "two-way", "synced"]
