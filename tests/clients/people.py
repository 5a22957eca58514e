"""A person at their own computer: a home directory, an nbgrader configuration and the stock client."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from processes import clean_environment

COMMAND_LIMIT_S = 300
# The virtual environment that runs these tests is the one that nbgrader and the client are in.
PROGRAMS = Path(sys.executable).parent

# What an operator puts on every notebook server; nothing here knows of nbcourier but the address.
CONFIG = """\
from ngshare_exchange import configureExchange

c = get_config()
configureExchange(c, {url!r})
"""


@dataclass(frozen=True)
class Outcome:
    """How a command ended and all that it said."""

    command: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Both streams: nbgrader logs to the one, the course management prints to the other."""
        return self.stdout + self.stderr

    def __str__(self) -> str:
        return f"{' '.join(self.command)}: exit {self.code}\n{self.text}"


class Person:
    """Somebody who runs `nbgrader` with a hub's token in the environment, as on a notebook server."""

    # What stands in their nbgrader_config.py.
    config = CONFIG

    def __init__(
        self, *, name: str, home: Path, url: str, identity: dict[str, str]
    ) -> None:
        """`identity` is what the notebook server would have set: the token, and the name."""
        self.name = name
        self.home = home
        self.url = url
        self.token = identity["JUPYTERHUB_API_TOKEN"]
        self.env = clean_environment(path_first=PROGRAMS, home=home) | identity
        config = home / ".jupyter" / "nbgrader_config.py"
        config.parent.mkdir(parents=True)
        config.write_text(self.config.format(url=url))

    def attempt(self, program: str, *arguments: str) -> Outcome:
        """Runs a program in the person's home and tells how it went, well or not."""
        done = subprocess.run(
            [str(PROGRAMS / program), *arguments],
            cwd=self.home,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=COMMAND_LIMIT_S,
            check=False,
        )
        return Outcome((program, *arguments), done.returncode, done.stdout, done.stderr)

    def nbgrader(self, *arguments: str) -> Outcome:
        """Runs an nbgrader command that must succeed; the stock client exits 0 on many failures, so the log counts."""
        outcome = self.attempt("nbgrader", *arguments)
        failed = outcome.code != 0 or re.search(
            r"\| (ERROR|CRITICAL)\]", outcome.stderr
        )
        assert not failed, str(outcome)
        return outcome

    def listing(self, *arguments: str) -> list[str]:
        """The lines that `nbgrader list` shows below its heading."""
        said = self.nbgrader("list", *arguments).stderr
        lines = re.findall(r"^\[ListApp \| INFO\] (.*)$", said, re.MULTILINE)
        headings = [n for n, line in enumerate(lines) if line.endswith("assignments:")]
        assert headings, said
        return lines[headings[0] + 1 :]

    def manage(self, *arguments: str) -> Outcome:
        """Runs the client's course management, which must succeed."""
        outcome = self.attempt("ngshare-course-management", *arguments)
        assert outcome.code == 0, str(outcome)
        return outcome

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """A plain request with the person's token, for what no client command shows."""
        reply = requests.get(
            f"{self.url}/{path}",
            params=query,
            headers={"Authorization": f"token {self.token}"},
            timeout=COMMAND_LIMIT_S,
        )
        assert reply.status_code == 200, f"{path}: {reply.status_code} {reply.text}"
        return reply.json()


def all_at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Runs the calls side by side, as people do, and returns what each gave."""
    with ThreadPoolExecutor(
        max_workers=max(1, min(len(calls), os.cpu_count() or 1))
    ) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]
