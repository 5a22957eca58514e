"""Runs every command in the README and the pages for people literally, as the people it is for."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from course import ProgramStandalone
from material import source_tree
from nbcourier import address
from processes import Program, free_ports
from standalone import ANSWER_LIMIT_S
from traitlets.config import Config
from trees import write_tree

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", *(f"docs/{name}.md" for name in ("operators", "instructors", "students"))]
PROGRAMS = ("cargo", "curl", "make", "nbcourier", "nbgrader", "ngshare-course-management", "pip")
# Commands that other tests run, or the command that runs these tests.
RUN_ELSEWHERE = {
    "curl -d user=root --data-urlencode 'instructors=[\"teacher\"]' http://127.0.0.1:12121/api/course/algebra": (
        "test_the_first_steps_of_the_readme"
    ),
    "make run": "test_the_first_steps_of_the_readme",
    "make test": "this is a part of it",
    "make test-all": "so it is of this",
    "make bench": "takes an hour; benches/ is what it runs",
    "make torture": "a quarter of an hour; tests/faults is the short form of it",
    "make wheel": "test_wheel.py runs its script and installs what it builds",
    "cargo install --path .": "a release build; test_wheel.py puts the program on a PATH",
    "pip install nbgrader==0.9.6 rapidfuzz": "scripts/requirements-clients.txt has the same versions",
    "pip install --no-deps ngshare_exchange==0.5.3": "scripts/setup-clients.sh does it",
}


def commands(page: str) -> list[str]:
    """Returns the commands of a page: code spans that begin with a program's name, and the lines of blocks."""
    text = (ROOT / page).read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    found = []
    for command in lines + spans:
        # A program's name alone, or with the name of a sub-command, is only a mention.
        words = command.split()
        is_command = words and words[0] in PROGRAMS and len(words) > 1
        if is_command and not (command in spans and len(words) == 2 and words[0] != "make"):
            found.append(command)
    return found


class Scene:
    """A course whose people do what the pages say, and the state so far."""

    def __init__(self, service: ProgramStandalone, binary: Path) -> None:
        self.service = service
        self.binary = binary
        self.done: set[str] = set()
        self.people = {
            name: service.person(name) for name in ("root", "ira", "ada", "bob", "cleo")
        }
        for person in self.people.values():
            person.env["NBCOURIER_URL"] = service.url

    def run(self, who: str, command: str, expect: str = "") -> str:
        """Runs a printed command, which must succeed and print what is expected."""
        person = self.people[who]
        program, *arguments = shlex.split(command)
        if program == "nbcourier":
            program = str(self.binary)
        outcome = person.attempt(program, *arguments)
        assert outcome.code == 0 and expect in outcome.text, str(outcome)
        self.done.add(command)
        return outcome.text

    def home(self, who: str) -> Path:
        """Returns the working directory of a person."""
        return self.people[who].home


@pytest.fixture(scope="module")
def scene(
    binary: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """The people, and a course that does not exist yet."""
    service = ProgramStandalone(binary, tmp_path_factory.mktemp("documents"))
    yield Scene(service, binary)
    assert service.stop() == 0


class TestThePages:
    """The commands in a sensible order, page by page where possible."""

    in_order = True

    def test_an_operator_makes_the_course(self, scene: Scene) -> None:
        scene.run("root", "nbcourier course create algebra ira")
        assert "algebra" in scene.run("ira", "nbcourier course list")
        scene.run("root", "nbcourier course delete algebra")
        assert "algebra" in scene.run("root", "nbcourier trash list")
        scene.run("root", "nbcourier trash restore-course 1")
        for teacher in ("kim", "service:NAME"):
            scene.run("root", f"nbcourier roster add algebra {teacher} --role instructor")
        scene.run("ira", "nbcourier roster add algebra tom --role assistant")
        settings = "nbcourier course settings algebra"
        scene.run("ira", f'{settings} --title "Linear algebra I" --time-zone Europe/Berlin')
        assert "Linear algebra I" in scene.run("ira", settings)
        scene.run("ira", f"{settings} --sharing course")
        scene.run("ira", "nbcourier shares --course algebra", "There are no links")
        config = scene.home("ira") / ".jupyter" / "nbgrader_config.py"
        config.write_text(
            config.read_text() + "c.CourseDirectory.course_id = 'algebra'\n"
        )

    def test_people_are_enrolled_at_the_terminal(self, scene: Scene) -> None:
        add = "nbcourier roster add algebra ada --first-name Ada --last-name Lovelace"
        scene.run("ira", add, "Added: 1")
        table = "student_id,first_name,last_name,email\ncleo,Cleo,,\n"
        (scene.home("ira") / "class.csv").write_text(table)
        scene.run("ira", "nbcourier roster import algebra class.csv", "Added: 1")
        scene.run("ira", "nbcourier roster add algebra student", "Added: 1")
        manage = "nbcourier ngshare-course-management add_students"
        scene.run("ira", f"{manage} algebra class.csv --no-gb", "successfully added")
        scene.run("ira", "nbcourier course show algebra", "Students: 3")
        scene.run("ira", "nbcourier roster export algebra roster.csv")
        assert "Lovelace" in (scene.home("ira") / "roster.csv").read_text()
        scene.run("ira", "nbcourier roster remove algebra ada")
        assert "Lovelace" not in scene.run("ira", "nbcourier roster list algebra")

    def test_an_instructor_enrols_and_releases(self, scene: Scene) -> None:
        scene.run("ira", "nbgrader db student add ada")
        scene.run("ira", "nbgrader db student add bob")
        (scene.home("ira") / "class.csv").write_text("id,first_name\ncleo,Cleo\n")
        scene.run("ira", "nbgrader db student import class.csv")
        write_tree(scene.home("ira") / "source" / "ps1", source_tree())
        scene.run("ira", "nbgrader generate_assignment ps1")
        scene.run("ira", "nbgrader release_assignment ps1 --course algebra")
        scene.run("ira", "nbgrader release_assignment ps1 --course algebra --force")

    def test_an_instructor_sets_dates(self, scene: Scene) -> None:
        times = '--due "2027-02-01 23:59" --cut-off "2027-02-03 23:59"'
        scene.run("ira", f"nbcourier dates algebra ps1 {times}", "2027-02-01 23:59")
        scene.run("ira", "nbcourier dates algebra ps1", "2027-02-03 23:59")
        more = '--due "2027-02-02 23:59" --note "Was ill"'
        scene.run("ira", f"nbcourier extension set algebra ps1 ada {more}")
        scene.run("ira", "nbcourier extension list algebra ps1", "ada")
        scene.run("ira", "nbcourier extension remove algebra ps1 ada")
        scene.run("ira", "nbcourier allowance set algebra ada --days 2")
        always = '--hours 48 --note "Dyslexia"'
        scene.run("ira", f"nbcourier allowance set algebra ada {always}", "48")
        scene.run("ira", "nbcourier allowance list algebra", "Dyslexia")
        scene.run("ira", "nbcourier allowance remove algebra ada")
        scene.run("ira", "nbcourier dates algebra ps1 --due none")

    def test_students_fetch_and_submit(self, scene: Scene) -> None:
        scene.run("ada", "nbgrader list --course algebra", "algebra ps1")
        scene.run("ada", "nbgrader fetch_assignment ps1 --course algebra")
        (scene.home("ada") / "ps1" / "problem.ipynb").unlink()
        scene.run("ada", "nbgrader fetch_assignment ps1 --course algebra --replace")
        assert (scene.home("ada") / "ps1" / "problem.ipynb").is_file()
        scene.run("ada", "nbgrader submit ps1 --course algebra", "Submitted")
        (receipt,) = scene.home("ada").rglob(".receipts/*.json")
        shutil.copy(receipt, scene.home("ada") / "receipt.json")
        scene.run("ada", "nbcourier receipt verify receipt.json", "genuine")
        scene.run("ada", "nbgrader list --cached --course algebra", "ps1")
        scene.run("bob", "nbgrader fetch_assignment ps1 --course algebra")
        scene.run("bob", "nbgrader submit ps1 --course algebra")

    def test_an_instructor_sees_who_has_not_submitted(self, scene: Scene) -> None:
        everybody = scene.run("ira", "nbcourier submissions algebra ps1", "ada")
        assert "cleo" in everybody
        assert "ada" in scene.run("ira", "nbcourier presence algebra", "exchange")
        scene.run("ira", "nbcourier starts algebra", "No start was reported")
        scene.run("ira", "nbcourier course settings algebra --activity on", "on")
        scene.run("ira", "nbcourier activity algebra --by notebook", "There was no work")
        scene.run("ira", "nbcourier activity algebra", "cleo")
        missing = scene.run("ira", "nbcourier submissions algebra ps1 --missing")
        assert "cleo" in missing
        assert "ada" not in missing

    def test_an_instructor_collects(self, scene: Scene) -> None:
        scene.run("ira", "nbgrader list --inbound ps1 --course algebra", "ada")
        due = datetime.now(UTC) + timedelta(days=1)
        scene.run("ira", f"nbgrader db assignment add ps1 --duedate '{due:%Y-%m-%d %H:%M:%S} UTC'")
        scene.run("ira", "nbgrader collect ps1 --course algebra --student ada")
        assert (scene.home("ira") / "submitted" / "ada" / "ps1").is_dir()
        assert not (scene.home("ira") / "submitted" / "bob").exists()
        scene.run("ira", "nbgrader collect ps1 --course algebra --before-duedate")
        scene.run("ira", "nbgrader collect ps1 --course algebra --update")
        scene.run("ira", "nbgrader collect ps1 --course algebra")
        assert (scene.home("ira") / "submitted" / "bob" / "ps1").is_dir()

    def test_feedback_goes_back(self, scene: Scene) -> None:
        scene.run("ira", "nbgrader autograde ps1")
        scene.run("ira", "nbgrader generate_feedback ps1")
        scene.run("ira", "nbgrader release_feedback ps1 --course algebra")
        scene.run("ada", "nbgrader fetch_feedback ps1 --course algebra")
        pages = scene.home("ada") / "ps1" / "feedback"
        assert len(list(pages.glob("*/problem.html"))) == 1
        scene.run("ira", "nbcourier feedback remove algebra ps1 ada", "Removed")
        scene.run("ada", "nbgrader fetch_feedback ps1 --course algebra")
        assert not list(pages.glob("*/problem.html"))
        scene.run("ira", "nbcourier feedback remove algebra ps1 --all --yes", "Removed")
        scene.done.add("nbcourier feedback remove algebra ps1 --all")

    def test_an_instructor_stands_in_for_a_student(self, scene: Scene) -> None:
        write_tree(scene.home("ira") / "ps1", {"problem.ipynb": b"{}"})
        command = "nbgrader submit ps1 --course algebra --student ada"
        scene.run("ira", command, "Receipt")

    def test_an_instructor_takes_things_back(self, scene: Scene) -> None:
        scene.run(
            "ira",
            "nbgrader list --inbound ps1 --course algebra --student ada --remove",
            "trash",
        )
        scene.run("ira", "nbgrader list ps1 --course algebra --remove")
        scene.run("ira", "nbgrader db student remove ada --force")
        scene.done.add("nbgrader db student remove ada")

    def test_deleted_things_are_restored(self, scene: Scene) -> None:
        ira = scene.people["ira"]
        reply = requests.delete(
            f"{ira.url}/v1/courses/algebra/assignments/ps1",
            headers={"Authorization": f"token {ira.token}"},
            timeout=ANSWER_LIMIT_S,
        )
        assert reply.status_code == 204, reply.text
        scene.run("ira", "nbcourier trash list algebra", "ps1")
        scene.run("ira", "nbcourier trash restore algebra assignment 1")
        scene.run("ira", "nbcourier submissions algebra ps1", "bob")

    @pytest.mark.parametrize("page", PAGES)
    def test_every_command_was_run(self, scene: Scene, page: str) -> None:
        found = commands(page)
        assert found, f"{page} has no commands: this test does not see them"
        unknown = [each for each in found if each not in scene.done | set(RUN_ELSEWHERE)]
        assert not unknown, f"{page} has commands that no test runs: {unknown}"


def test_the_first_steps_of_the_readme(binary: Path, tmp_path: Path) -> None:
    """`make run` prints an example that works, and so does the README."""
    (port,) = free_ports(1)
    env = os.environ | {
        "NBCOURIER_PORT": str(port),
        "NBCOURIER_DATA_DIR": str(tmp_path / "data"),
    }
    log = tmp_path / "log"
    make = shutil.which("make")
    assert make is not None
    running = Program([make, "run"], env=env, cwd=ROOT, log=log)
    try:
        running.wait_until(lambda: "is listening on" in log.read_text(), "make run")
        said = log.read_text()
        printed = [line.strip() for line in said.splitlines() if "  curl" in line]
        assert len(printed) >= 5, said
        (shown,) = (each for each in commands("README.md") if each.startswith("curl"))
        assert shown.replace("12121", str(port)) == printed[0]
        for command in printed:
            reply = subprocess.run(
                ["bash", "-c", f"{command} --silent --show-error --fail"],
                capture_output=True,
                text=True,
                timeout=30,
            )
            assert reply.returncode == 0, command + reply.stdout + reply.stderr
            assert '"success":true' in reply.stdout, reply.stdout
        readme = (ROOT / "README.md").read_text("utf-8")
        (block,) = re.findall(r"^```sh\n(export .*?)^```", readme, re.MULTILINE | re.DOTALL)
        for name in ("teacher", "student"):
            script = block.replace("12121", str(port)).replace("=teacher", f"={name}")
            reply = subprocess.run(
                ["bash", "-ec", script if name == "teacher" else script.split("nbcourier roster")[0]],
                env={"PATH": f"{binary.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)},
                capture_output=True,
                text=True,
                timeout=30,
            )
            assert reply.returncode == 0, reply.stdout + reply.stderr
            assert "algebra" in reply.stdout
            assert ("instructor" if name == "teacher" else "student") in reply.stdout
    finally:
        running.stop()


# The environment that each kind of hub sets, and the address that the page promises for it.
HUBS = {
    "### One host": (
        {"JUPYTERHUB_API_URL": "http://127.0.0.1:8081/hub/api"},
        "http://127.0.0.1:8000/services/nbcourier",
    ),
    "### Zero to JupyterHub on Kubernetes": (
        {
            "JUPYTERHUB_API_URL": "http://hub:8081/hub/api",
            "PROXY_PUBLIC_SERVICE_HOST": "proxy-public",
        },
        "http://proxy-public/services/nbcourier",
    ),
    "### The Littlest JupyterHub": (
        {"JUPYTERHUB_API_URL": "http://127.0.0.1:15001/hub/api"},
        "http://127.0.0.1/services/nbcourier",
    ),
    "### A domain for each user": (
        {
            "JUPYTERHUB_HOST": "https://hub.example.org",
            "JUPYTERHUB_PUBLIC_HUB_URL": "https://hub.example.org/hub/",
            "JUPYTERHUB_PUBLIC_URL": "https://ada.hub.example.org/user/ada/",
        },
        "https://nbcourier--service.hub.example.org/services/nbcourier",
    ),
}


@pytest.mark.parametrize("heading", HUBS)
def test_each_kind_of_hub_has_a_section_whose_setting_is_an_address(heading: str) -> None:
    page = (ROOT / "docs/operators.md").read_text("utf-8")
    section = page.split(f"\n{heading}\n")[1].split("\n#")[0]
    environment, found = HUBS[heading]
    assert address.find("", "", environment).url == found
    for block in re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL):
        config = Config()
        exec(block, {"c": config})
        address.find("", "", config.Spawner.environment)
    for url in re.findall(r"NBCOURIER_URL\"?: \"?(http[^\s\"]+)", section):
        assert address.find("", "", {"NBCOURIER_URL": url}).url == url
        assert urlsplit(url).path == "/services/nbcourier"
    assert "NBCOURIER_URL" in section
