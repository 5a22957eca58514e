"""A class with material from git, in browsers: the teacher at the pages of the exchange, the student in JupyterLab."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from browser import log_in, picture, start_browser, wait_for_text
from hub import ADMIN, Hub
from lab import CELL, Desk, Lab
from pages import find
from plugin_person import lab_servers
from processes import POLL_S
from repositories import GitServer, Repository
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

# A server that starts, and its program in the background, on a machine that is busy with other tests.
LIMIT_S = 120
COURSE = "algebra"
TEACHER = "ira"
STUDENT = "ada"
PAGE = f"d/course:{COURSE}/materials"
LATEST = "//table//tbody/tr[1]"


def notebook(source: str) -> str:
    """Returns a notebook with one cell."""
    cell = {
        "cell_type": "code",
        "id": "only",
        "source": source,
        "metadata": {},
        "execution_count": None,
        "outputs": [],
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    about = {"kernelspec": kernel}
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": [cell]}
    )


def cell_of(path: Path) -> dict:
    """Returns the only cell of a notebook, or an empty cell while JupyterLab writes the file."""
    try:
        (cell,) = json.loads(path.read_text())["cells"]
    except ValueError:
        return {"source": "", "outputs": []}
    return cell


def source_of(path: Path) -> str:
    """Returns the source of the only cell of a notebook."""
    return "".join(cell_of(path)["source"])


@dataclass
class Class:
    """The repository of the lecture, the hub, and the two people at their browsers."""

    lecture: Repository
    address: str
    hub: Hub
    teacher: Chrome
    student: Desk
    pictures: Path

    @property
    def folder(self) -> Path:
        """Returns the folder of the course in the student's home."""
        return self.hub.directory / "servers" / STUDENT / COURSE

    def press(self, button: str) -> None:
        """Presses a button of the teacher's page."""
        path = f"//main//button[normalize-space()='{button}']"
        find(self.teacher, By.XPATH, path).click()

    def type(self, field: str, text: str) -> None:
        """Fills in a field of the teacher's page."""
        find(self.teacher, By.ID, field).send_keys(text)

    def update(self, version: int) -> None:
        """Presses *Update now* and reloads the page until the version is there, as a teacher does."""
        page = f"{self.hub.service_url}/{PAGE}/source"
        self.teacher.get(page)
        self.press("Update now")
        wait_for_text(self.teacher, "The server looks at the repository now.")
        self.see(version)

    def see(self, version: int) -> None:
        """Reloads the page of the repository until the last look made this version."""
        page = f"{self.hub.service_url}/{PAGE}/source"
        limit = time.monotonic() + LIMIT_S
        while True:
            self.teacher.get(page)
            latest = find(self.teacher, By.XPATH, LATEST).text
            if "new version" in latest and f"version {version}" in latest.lower():
                return
            assert time.monotonic() < limit, latest
            time.sleep(POLL_S)

    def until(self, pattern: str, source: str) -> Path:
        """Waits for a notebook with this source in the student's folder."""
        limit = time.monotonic() + LIMIT_S
        while True:
            for path in self.folder.glob(pattern):
                if source_of(path) == source:
                    return path
            there = sorted(map(str, self.folder.rglob("*")))
            assert time.monotonic() < limit, f"no {pattern} in {there}"
            time.sleep(POLL_S)


@pytest.fixture
def story(
    binary: Path,
    cache: Path,
    proxy: Path,
    screenshots: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Class]:
    """A hub whose notebook servers have the extension and the program, and whose exchange reaches the repository."""
    git = GitServer(tmp_path / "git")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "nbcourier").symlink_to(binary)
    directory = tmp_path / "hub"
    directory.mkdir()
    paths = (cache / "hub6" / "bin", programs, os.environ["PATH"])
    servers = lab_servers(cache, directory) | {
        "PATH": os.pathsep.join(map(str, paths)),
        "TEST_SERVE_OPTIONS": "\n".join(git.options),
    }
    hub = Hub(cache / "hub6", proxy, binary, directory, servers)
    profiles = [tmp_path_factory.mktemp("profile") for _ in range(2)]
    teacher = start_browser(profiles[0], "--accept-lang=en")
    student = Desk(start_browser(profiles[1]), hub, STUDENT, screenshots)
    try:
        hub.add_user(ADMIN)
        hub.add_user(TEACHER, f"formgrade-{COURSE}")
        hub.add_user(STUDENT, f"nbgrader-{COURSE}")
        hub.person(ADMIN).manage("create_course", COURSE)
        lecture = git.repository("lecture")
        address = f"https://{git.host}/lecture"
        yield Class(lecture, address, hub, teacher, student, screenshots)
    finally:
        teacher.quit()
        student.leave()
        hub.stop()
        git.stop()


def test_a_teacher_corrects_a_notebook_and_a_student_has_it_with_her_own_answers(
    story: Class,
) -> None:
    hub, teacher, student = story.hub, story.teacher, story.student
    story.lecture.push({"run.ipynb": notebook("6 * 7"), "answer.ipynb": notebook("# ?")})

    # The teacher makes a directory that is delivered, and sets its repository.
    log_in(teacher, hub, TEACHER, f"{hub.service_url}/c/{COURSE}")
    find(teacher, By.LINK_TEXT, "New directory").click()
    story.type("name", "materials")
    story.press("Make the directory")
    wait_for_text(teacher, "The directory was made.")
    find(teacher, By.LINK_TEXT, "Settings").click()
    story.type("deliver", COURSE)
    find(teacher, By.NAME, "at-start").click()
    story.press("Save")
    wait_for_text(teacher, "Saved.")
    find(teacher, By.LINK_TEXT, "Repository").click()
    story.type("url", story.address)
    story.press("Save")
    wait_for_text(teacher, "The directory follows the repository.")
    picture(teacher, story.pictures, "repository set")
    story.see(2)

    # The student's server starts and has the material. She runs one notebook, and answers in the other.
    student.log_in()
    story.until("run.ipynb", "6 * 7")
    story.until("answer.ipynb", "# ?")
    lab = Lab(student)
    lab.open_file(COURSE)
    lab.open_file("run.ipynb")
    lab.run()
    student.read("42")
    lab.save()
    student.picture("material run")
    lab.open_file("answer.ipynb")
    student.miss(f"{CELL}[contains(., '6 * 7')]")
    student.click(CELL)
    student.type(CELL, "Ada says 7 ")
    lab.save()
    limit = time.monotonic() + LIMIT_S
    while "Ada" not in source_of(story.folder / "answer.ipynb") or not (
        cell_of(story.folder / "run.ipynb")["outputs"]
    ):
        assert time.monotonic() < limit, "JupyterLab does not save"
        time.sleep(POLL_S)
    answer = source_of(story.folder / "answer.ipynb")
    hub.stop_server(STUDENT)

    # The teacher corrects both, and presses *Update now*.
    story.lecture.push({"run.ipynb": notebook("6 * 8"), "answer.ipynb": notebook("# !")})
    story.update(3)
    picture(teacher, story.pictures, "repository updated")

    # At the next start, she has the corrections and her own answer.
    student.come_back()
    story.until("run.ipynb", "6 * 8")
    story.until("answer.new-*.ipynb", "# !")
    assert source_of(story.folder / "answer.ipynb") == answer
    (kept,) = story.folder.glob(".nbcourier/kept/*/run.ipynb")
    assert cell_of(kept)["outputs"]
    student.read("answer.new-")
    student.picture("correction beside the answer")
    # Staff see that her server received it.
    teacher.get(f"{hub.service_url}/c/{COURSE}/starts")
    wait_for_text(teacher, STUDENT)
    picture(teacher, story.pictures, "starts")
