"""The programs that generate the load."""

import json
import re
import subprocess
from pathlib import Path

from servers import PREFIX, Broken, Server

LOAD_LIMIT_S = 400
# Timeout for requests of an earlier wrk that the server has not answered yet.
WRK_TIMEOUT_S = 60


def requests_per_second(
    server: Server,
    path: str,
    *,
    connections: int,
    seconds: float,
    token: str | None = None,
    header: str | None = None,
) -> float:
    """Returns the number of successful requests to that path per second, measured by wrk."""
    command = ["wrk", "--threads=1", f"--connections={connections}"]
    command += [f"--duration={seconds:g}s", f"--timeout={WRK_TIMEOUT_S}s"]
    if token is not None:
        command.append(f"--header=Authorization: token {token}")
    if header is not None:
        command.append(f"--header={header}")
    said = run([*command, f"{server.url}/{path}"], limit=seconds + WRK_TIMEOUT_S)
    if "Non-2xx" in said:
        raise Broken(f"{server.name}: {path} is refused:\n{said}")
    rate = re.search(r"^Requests/sec:\s+([\d.]+)", said, re.MULTILINE)
    if rate is None:
        raise Broken(f"wrk said:\n{said}")
    server.settle()
    return float(rate[1])


class Load:
    """The load client of this project."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def submit(self, server: Server, place: str, **options: object) -> dict:
        """Submits with these options. All submissions must be accepted."""
        report = self._run("submit", server, place, options)
        if report["refused"] or not report["submissions"]:
            raise Broken(f"{server.name} refused submissions: {report}")
        return report

    def verify(self, server: Server, place: str, **options: object) -> int:
        """Returns how many submissions of a run with these options are intact."""
        return self._run("verify", server, place, options)["intact"]

    def large(self, server: Server, place: str, **options: object) -> dict:
        """Uploads and downloads one large file."""
        return self._run("large", server, place, options)

    def _run(
        self, work: str, server: Server, place: str, options: dict[str, object]
    ) -> dict:
        command = [str(self._program), work, f"--address={server.address}"]
        command += [f"--prefix={PREFIX}", f"--place={place}"]
        for name, value in options.items():
            if value is True:
                command.append(f"--{name}")
            else:
                command.append(f"--{name}={value}")
        return json.loads(run(command, limit=LOAD_LIMIT_S))


def run(
    command: list[str], *, limit: float, env: dict[str, str] | None = None
) -> str:
    """Runs a program, which must succeed, and returns its output. `env` replaces the environment."""
    done = subprocess.run(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
    )
    if done.returncode != 0:
        raise Broken(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout
