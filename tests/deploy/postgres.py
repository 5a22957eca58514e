"""A server of PostgreSQL in the network of a pod."""

import os
import pwd
import subprocess
from pathlib import Path

from network import Network

USER = "nbcourier"
PASSWORD = "a-long-random-word"
LIMIT_S = 60


class Postgres:
    """A server on port 5432 with a database of the role `nbcourier`, which needs a password."""

    def __init__(self, network: Network, place: Path, password: str = PASSWORD) -> None:
        self._password = password
        let_through(place)
        self._bin = max(Path("/usr/lib/postgresql").glob("*/bin"), key=version)
        self._data = place / "postgres"
        self._data.mkdir(mode=0o700)
        # The server refuses to run as root.
        account = pwd.getpwnam("postgres")
        os.chown(self._data, account.pw_uid, account.pw_gid)
        self._enter = ["nsenter", f"--net={network.path}"]
        self._as_user = [
            "setpriv",
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
        ]
        secret = place / "password"
        secret.write_text(password)
        os.chown(secret, account.pw_uid, account.pw_gid)
        self._run(
            "initdb",
            f"--username={USER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
        )
        options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={self._data} -c fsync=off"
        # The server keeps these open, so they may not be pipes.
        self._run(
            "pg_ctl",
            "start",
            "--wait",
            f"--log={self._data}/log",
            f"--options={options}",
        )
        self.query("postgres", f"CREATE DATABASE {USER}")

    def query(self, database: str, statement: str) -> str:
        """Runs a statement, and returns its output."""
        return self._run(
            "psql",
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            f"--dbname=postgres://{USER}:{self._password}@127.0.0.1/{database}",
            f"--command={statement}",
            with_data=False,
        ).strip()

    def stop(self) -> None:
        """Stops the server."""
        self._run("pg_ctl", "stop", "--mode=immediate")

    def _run(self, program: str, *arguments: str, with_data: bool = True) -> str:
        data = [f"--pgdata={self._data}"] if with_data else []
        output = self._data.parent / "postgres-output"
        with output.open("w") as file:
            code = subprocess.run(
                [*self._enter, *self._as_user, self._bin / program, *data, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd="/",
                timeout=LIMIT_S,
                check=False,
            ).returncode
        assert code == 0, f"{program}: {output.read_text()}"
        return output.read_text()


def let_through(place: Path) -> None:
    """Lets other users go through a directory to what is theirs."""
    for directory in (place, *place.parents):
        if directory.stat().st_uid == 0 and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o011)


def version(programs: Path) -> int:
    """Returns the major version of a directory of programs."""
    return int(programs.parent.name)
