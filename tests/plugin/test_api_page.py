"""Runs every command of the page about the API against a server, and compares the replies with the page.

After an intended change, `UPDATE_SNAPSHOT=1` writes the replies into the page. Then read the difference.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from course import PluginStandalone
from processes import clean_environment
from test_documents import ROOT

PAGE = ROOT / "docs" / "api.md"
PAGE_OF_DIRECTORIES = ROOT / "docs" / "directories.md"
ADDRESS = "http://127.0.0.1:12121/api"
LIMIT_S = 60
WIDTH = 110
# A block of commands, and the block with its reply, if it has one.
EXAMPLE = re.compile(
    r"^```sh\n(?P<commands>.*?)^```\n(?:\n```(?P<kind>json|text)\n(?P<reply>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
END = "--- end of an example ---"
# Values that differ each time. On the page, only times that a person set have no microseconds.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
SIGNATURE = re.compile(r"[0-9a-f]{64}")


@dataclass
class Example:
    """Commands of the page, and their reply as text."""

    commands: str
    kind: str | None
    reply: str | None


def examples(page: Path = PAGE) -> list[Example]:
    """Returns the examples of a page, in their order."""
    return [Example(*found.groups()) for found in EXAMPLE.finditer(page.read_text("utf-8"))]


def agrees(expected: object, found: object, key: str = "") -> bool:
    """Whether a reply is the expected one, except for times of now and signatures."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return list(expected) == list(found) and all(
            agrees(value, found[name], name) for name, value in expected.items()
        )
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(agrees, expected, found))
    if isinstance(expected, str) and isinstance(found, str):
        if key == "signature":
            return bool(SIGNATURE.fullmatch(found))
        if key == "last_day":
            return bool(DAY.fullmatch(found))
        if TIME.fullmatch(expected) and not expected.endswith(".000000Z"):
            return bool(TIME.fullmatch(found))
    return type(expected) is type(found) and expected == found


def shown(value: object, margin: int = 0, room: int = 0) -> str:
    """Returns JSON for people: in one line if it fits, otherwise with a line for each item."""
    line = json.dumps(value, ensure_ascii=False)
    if margin + room + len(line) <= WIDTH or not isinstance(value, (dict, list)) or not value:
        return line
    inner = margin + 2
    if isinstance(value, dict):
        names = {name: f"{json.dumps(name)}: " for name in value}
        items = [name + shown(value[key], inner, len(name) + 1) for key, name in names.items()]
    else:
        items = [shown(item, inner, 1) for item in value]
    lines = ",\n".join(" " * inner + item for item in items)
    first, last = "{}" if isinstance(value, dict) else "[]"
    return f"{first}\n{lines}\n{' ' * margin}{last}"


def run(url: str, home: Path, page: Path = PAGE, programs: Path | None = None) -> list[str]:
    """Runs all commands of a page in one shell, and returns the output of each example.

    `programs` is the directory of `nbcourier`, if the page has its commands.
    """
    script = f"\necho; echo '{END}'\n".join(example.commands for example in examples(page))
    outcome = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(ADDRESS, url)],
        cwd=home,
        env=clean_environment(path_first=programs or home, home=home),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout.split(f"\n{END}\n")


def updated(outputs: list[str]) -> str:
    """Returns the page with these replies. A reply that agrees with the page stays as it is."""
    remaining = iter(outputs)

    def example(found: re.Match) -> str:
        output = next(remaining)
        if found["kind"] is None:
            return found[0]
        reply = output.strip() + "\n"
        if found["kind"] == "json":
            reply = shown(json.loads(output)) + "\n"
            if found["reply"].strip() and agrees(json.loads(found["reply"]), json.loads(output)):
                reply = found["reply"]
        return f"```sh\n{found['commands']}```\n\n```{found['kind']}\n{reply}```\n"

    return EXAMPLE.sub(example, PAGE.read_text("utf-8"))


@pytest.fixture
def fresh(binary: Path, tmp_path: Path) -> Iterator[PluginStandalone]:
    """A server without any courses."""
    directory = tmp_path / "service"
    directory.mkdir()
    service = PluginStandalone(binary, directory)
    yield service
    assert service.stop() == 0


def test_every_example_of_the_api_has_the_printed_reply(
    fresh: PluginStandalone, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    outputs = run(fresh.url, home)
    assert len(outputs) == len(examples())
    if os.environ.get("UPDATE_SNAPSHOT"):
        PAGE.write_text(updated(outputs), "utf-8")
    for example, output in zip(examples(), outputs):
        if example.kind == "json":
            expected, found = json.loads(example.reply), json.loads(output)
            assert agrees(expected, found), f"{example.commands}\n{shown(found)}"
        else:
            assert output.strip() == (example.reply or "").strip(), example.commands


def test_a_reply_that_differs_from_the_page_is_noticed() -> None:
    now, later = "2026-11-28T17:00:00.123456Z", "2026-11-28T18:00:00.654321Z"
    assert agrees({"at": now, "signature": "a" * 64}, {"at": later, "signature": "b" * 64})
    for other in (
        {"at": later},
        {"at": later, "signature": "b" * 63},
        {"at": "2026-11-28 17:00:00.000001", "signature": "a" * 64},
        {"signature": "a" * 64, "at": now},
    ):
        assert not agrees({"at": now, "signature": "a" * 64}, other)
    assert not agrees([1], [True])
    assert not agrees({"due_at": "2099-02-08T22:59:00.000000Z"}, {"due_at": now})


def test_every_request_of_the_page_has_a_reply() -> None:
    assert len(examples()) > 20
    for example in examples()[1:]:
        assert example.kind, example.commands
    assert ADDRESS in examples()[0].commands


def requests_on(page: Path) -> set[tuple[str, str]]:
    """Returns the method and path of every request of a page below `v1/`."""
    found = set()
    for example in examples(page):
        for command in re.split(r"\bcurl\b", example.commands)[1:]:
            path = re.search(r"\$API/(v1/[^\s\"?|]+)", command)
            method = re.search(r"-X ([A-Z]+)\b", command)
            if path:
                has_body = "--json" in command or " -F " in command
                default = "POST" if has_body else "HEAD" if " -I " in command else "GET"
                found.add((method[1] if method else default, path[1]))
    return found


def test_every_address_of_the_api_has_an_example() -> None:
    document = json.loads((ROOT / "openapi.json").read_text("utf-8"))
    sent = requests_on(PAGE) | requests_on(PAGE_OF_DIRECTORIES)
    missing = []
    for path, operations in document["paths"].items():
        # The path of a file in a directory has slashes.
        path = path.removeprefix("/").replace("{path}", ".+")
        pattern = re.compile(re.sub(r"\{[a-z]+\}", "[^/]+", path))
        for method in operations:
            if not any(m == method.upper() and pattern.fullmatch(p) for m, p in sent):
                missing.append(f"{method.upper()} {path}")
    assert len(document["paths"]) > 20
    assert not missing
