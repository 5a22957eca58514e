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
from warm import PROGRAMS as WARM_PROGRAMS
from warm import kitchen

COMMAND_LIMIT_S = 300
# nbgrader and the client are in the virtual environment that runs these tests.
PROGRAMS = Path(sys.executable).parent

# The configuration that an operator puts on every notebook server. Only the address is specific to nbcourier.
CONFIG = """\
from ngshare_exchange import configureExchange

c = get_config()
configureExchange(c, {url!r})
"""


@dataclass(frozen=True)
class Outcome:
    """The exit code and output of a command."""

    command: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Returns both streams: nbgrader logs to one, the course management prints to the other."""
        return self.stdout + self.stderr

    def __str__(self) -> str:
        return f"{' '.join(self.command)}: exit {self.code}\n{self.text}"


class Person:
    """A person who runs `nbgrader` with a hub's token in the environment, as on a notebook server."""

    # The content of their nbgrader_config.py.
    config = CONFIG

    def __init__(
        self, *, name: str, home: Path, url: str, identity: dict[str, str]
    ) -> None:
        """`identity` contains the variables of a notebook server: the token and the name."""
        self.name = name
        self.home = home
        self.url = url
        self.token = identity["JUPYTERHUB_API_TOKEN"]
        self.env = clean_environment(path_first=PROGRAMS, home=home) | identity
        config = home / ".jupyter" / "nbgrader_config.py"
        config.parent.mkdir(parents=True)
        config.write_text(self.config.format(url=url))

    def attempt(self, program: str, *arguments: str) -> Outcome:
        """Runs a program in the person's home and returns its outcome, whether it succeeded or not."""
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
        """Runs an nbgrader command whose log must show success, because the stock client exits 0 on many failures."""
        outcome = self.attempt("nbgrader", *arguments)
        failed = outcome.code != 0 or re.search(
            r"\| (ERROR|CRITICAL)\]", outcome.stderr
        )
        assert not failed, str(outcome)
        return outcome

    def listing(self, *arguments: str) -> list[str]:
        """Returns the lines that `nbgrader list` shows below its heading."""
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

    def get(self, path: str, /, **query: str) -> dict[str, Any]:
        """Sends a plain request with the person's token, for facts that no client command shows."""
        reply = requests.get(
            f"{self.url}/{path}",
            params=query,
            headers={"Authorization": f"token {self.token}"},
            timeout=COMMAND_LIMIT_S,
        )
        assert reply.status_code == 200, f"{path}: {reply.status_code} {reply.text}"
        return reply.json()


class WarmPerson(Person):
    """A person whose commands run in processes that are already started."""

    def attempt(self, program: str, *arguments: str) -> Outcome:
        """Runs a program; that of nbgrader, of its client, or Python in a process that has imported them."""
        # Libraries that are loaded before a program starts, such as another clock, need a new process.
        if program not in WARM_PROGRAMS or "LD_PRELOAD" in self.env:
            return super().attempt(program, *arguments)
        code, stdout, stderr = kitchen(self.env.get("PYTHONPATH", "")).run(
            [program, *arguments],
            cwd=self.home,
            env=self.env,
            limit_s=COMMAND_LIMIT_S,
        )
        return Outcome((program, *arguments), code, stdout, stderr)


def all_at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Runs the calls at the same time, and returns their results."""
    with ThreadPoolExecutor(
        max_workers=max(1, min(len(calls), os.cpu_count() or 1))
    ) as pool:
        return [future.result(COMMAND_LIMIT_S) for future in [pool.submit(call) for call in calls]]
