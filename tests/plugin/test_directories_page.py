"""Runs every example of the page about directories against a server, and compares the replies with the page.

After an intended change, `UPDATE_SNAPSHOT=1` writes the replies of the commands into the page. Then read the difference.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from course import PluginStandalone
from file_system import install
from file_system import run as run_python
from standalone import ANSWER_LIMIT_S
from test_api_page import EXAMPLE, agrees, examples, run, shown
from test_api_page import PAGE_OF_DIRECTORIES as PAGE

PYTHON = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
# It is computed after the reply to the upload.
MD5 = re.compile(r'"md5": ?(null|"[0-9a-f]{32}")')
# The times of the commands' tables.
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+00:00")


def same(kind: str | None, expected: str, found: str) -> bool:
    """Whether an output is the expected one, except for times of now and sums to come."""
    if kind == "json":
        expected, found = (MD5.sub('"md5":0', text) for text in (expected, found))
        return bool(expected.strip()) and agrees(json.loads(expected), json.loads(found))
    return TIME.sub("", expected).strip() == TIME.sub("", found).strip()


def updated(outputs: list[str]) -> str:
    """Returns the page with these replies. A reply that agrees with the page stays as it is."""
    remaining = iter(outputs)

    def example(found: re.Match) -> str:
        output = next(remaining)
        if found["kind"] is None or same(found["kind"], found["reply"], output):
            return found[0]
        text = shown(json.loads(output)) if found["kind"] == "json" else trimmed(output)
        return f"```sh\n{found['commands']}```\n\n```{found['kind']}\n{text}\n```\n"

    return EXAMPLE.sub(example, PAGE.read_text("utf-8"))


def trimmed(output: str) -> str:
    """Returns an output without blanks at the ends of its lines."""
    return "\n".join(line.rstrip() for line in output.strip().splitlines())


@pytest.fixture
def fresh(binary: Path, tmp_path: Path) -> Iterator[PluginStandalone]:
    """A server without any courses."""
    directory = tmp_path / "service"
    directory.mkdir()
    service = PluginStandalone(binary, directory)
    yield service
    assert service.stop() == 0


def test_every_example_has_the_printed_reply(
    fresh: PluginStandalone, binary: Path, tmp_path: Path
) -> None:
    home, programs = tmp_path / "home", tmp_path / "programs"
    home.mkdir()
    programs.mkdir()
    (programs / "nbcourier").symlink_to(binary)
    outputs = run(fresh.url, home, PAGE, programs)
    assert len(outputs) == len(examples(PAGE)) > 20
    if os.environ.get("UPDATE_SNAPSHOT"):
        PAGE.write_text(updated(outputs), "utf-8")
    for example, output in zip(examples(PAGE), outputs):
        is_same = example.kind is None or same(example.kind, example.reply, output)
        assert is_same, f"{example.commands}\n{output}"
    # Programs in Python use what the commands have made.
    ada = fresh.person("ada")
    install(ada, tmp_path)
    programs = PYTHON.findall(PAGE.read_text("utf-8"))
    assert len(programs) == 2
    for program, expected in programs:
        assert run_python(ada, program) == expected


def mentioned() -> set[str]:
    """Returns the commands `nbcourier dir …` that the page names."""
    return set(re.findall(r"nbcourier dir ([a-z]+)", PAGE.read_text("utf-8")))


def test_every_command_is_on_the_page(binary: Path) -> None:
    help_text = subprocess.run(
        [binary, "dir", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=ANSWER_LIMIT_S,
    ).stdout
    listed = help_text.split("Commands:\n")[1].split("\n\n")[0]
    known = set(re.findall(r"^  ([a-z]+)", listed, re.MULTILINE)) - {"help"}
    assert len(known) > 15
    assert mentioned() == known
