"""PostgreSQL and an object store for a measurement, each with its own port and data."""

import http.client
import json
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from servers import Broken, Process, environment, free_port

USER = "nbcourier"
BUCKET = "university"
KEY = {"accessKey": "nbcourier", "secretKey": "secret-of-the-benchmark"}
LIMIT_S = 60
POLL_S = 0.05

Value = int | str | bytes | bool | None


def used_s(pid: int) -> float:
    """Returns the processor time of a process and of its children so far, in seconds."""
    ticks = 0
    children: dict[int, list[int]] = {}
    times: dict[int, tuple[int, int]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:  # It has ended.
            continue
        fields = stat.rpartition(")")[2].split()
        children.setdefault(int(fields[1]), []).append(int(entry.name))
        own, ended = map(int, fields[11:13]), map(int, fields[13:15])
        times[int(entry.name)] = (sum(own), sum(ended))
    left = [pid]
    while left:
        one = left.pop()
        ticks += sum(times.get(one, (0, 0)))
        left += children.get(one, [])
    return ticks / os.sysconf("SC_CLK_TCK")


class Postgres:
    """A server with the default settings, which flushes each commit."""

    def __init__(self, directory: Path) -> None:
        self._bin = max(
            Path("/usr/lib/postgresql").glob("*/bin"),
            key=lambda bin: int(bin.parent.name),
        )
        self._data = directory / "postgres"
        self._data.mkdir(parents=True)
        self._as_owner: list[str] = []
        if os.geteuid() == 0:
            # The server refuses to run as root.
            account = pwd.getpwnam("postgres")
            os.chown(self._data, account.pw_uid, account.pw_gid)
            self._as_owner = [
                *(
                    "setpriv",
                    "--reuid=postgres",
                    "--regid=postgres",
                    "--clear-groups",
                    "--",
                )
            ]
        self.port = free_port()
        self._run(
            "initdb",
            f"--pgdata={self._data}",
            f"--username={USER}",
            "--auth=trust",
            "--encoding=UTF8",
        )
        command = [*self._as_owner, str(self._bin / "postgres"), "-D", str(self._data)]
        command += [
            "-p",
            str(self.port),
            "-h",
            "127.0.0.1",
            "-c",
            "unix_socket_directories=",
        ]
        log = directory / "postgres.txt"
        self._server = Process(command, env=environment(None, 0), log=log)
        begun = time.monotonic()
        while True:
            try:
                self.query("postgres", "SELECT 1")
                return
            except Broken:
                self._server.require_alive()
                if time.monotonic() - begun > LIMIT_S:
                    raise
                time.sleep(POLL_S)

    @property
    def pid(self) -> int:
        """The ID of the process whose children are those of the connections."""
        return self._server.pid

    def url(self, database: str) -> str:
        """Returns the URL of a database."""
        return f"postgres://{USER}@127.0.0.1:{self.port}/{database}"

    def version(self) -> str:
        """Returns the version of the server."""
        return self.query("postgres", "SHOW server_version").split()[0]

    def query(self, database: str, statement: str) -> str:
        """Runs a statement, and returns its output."""
        return self._run(*self._psql(database), f"--command={statement}").strip()

    def copy(
        self, database: str, table: str, columns: str, rows: Iterable[tuple[Value, ...]]
    ) -> None:
        """Writes rows. Nothing checks their references."""
        command = [str(self._bin / "psql"), *self._psql(database)[1:]]
        command += ["--command=SET session_replication_role = replica"]
        command += [f"--command=COPY {table} ({columns}) FROM STDIN"]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=environment(None, 0),
            text=True,
        ) as writing:
            assert writing.stdin is not None
            for row in rows:
                writing.stdin.write("\t".join(map(_text, row)) + "\n")
            writing.stdin.close()
            if writing.wait() != 0:
                raise Broken(f"the rows of {table} cannot be written")

    def watch(
        self, database: str, statement: str, every_s: float, log: Path
    ) -> Process:
        """Runs a statement again and again. Its results go to a file."""
        script = log.with_suffix(".sql")
        script.write_text(f"{statement} \\watch {every_s}\n")
        command = [
            str(self._bin / "psql"),
            *self._psql(database)[1:],
            f"--file={script}",
        ]
        return Process(command, env=environment(None, 0), log=log)

    def stop(self) -> None:
        """Stops the server."""
        self._server.stop()

    def _psql(self, database: str) -> list[str]:
        options = [
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
        ]
        return ["psql", *options, f"--dbname={self.url(database)}"]

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [*self._as_owner, str(self._bin / program), *arguments],
            env=environment(None, 0),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10 * LIMIT_S,
            cwd="/",
            check=False,
        )
        if done.returncode != 0:
            raise Broken(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout


def _text(value: Value) -> str:
    """Returns a value in the text format of COPY. No text of the measurement needs an escape."""
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return str(value)


class Buckets:
    """A server of SeaweedFS with one bucket."""

    def __init__(self, directory: Path, cache: Path) -> None:
        data = directory / "objects"
        data.mkdir(parents=True)
        users = directory / "users.json"
        identity = {"name": "owner", "credentials": [KEY], "actions": ["Admin"]}
        users.write_text(json.dumps({"identities": [identity]}))
        ports = low_ports(4)
        self.endpoint = f"http://127.0.0.1:{ports[0]}"
        command = [
            str(cache / "s3" / "bin" / "weed"),
            *("-logtostderr=true", "server", "-ip=127.0.0.1", "-filer", "-s3"),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=1000"),
            *("-volume.minFreeSpace=0", "-master.telemetry=false"),
            f"-dir={data}",
            f"-s3.config={users}",
            f"-s3.port={ports[0]}",
            f"-master.port={ports[1]}",
            f"-volume.port={ports[2]}",
            f"-filer.port={ports[3]}",
        ]
        self._server = Process(
            command, env=environment(None, 0), log=directory / "weed.txt"
        )
        self._filer = ports[3]
        begun = time.monotonic()
        while not self._makes_bucket():
            self._server.require_alive()
            if time.monotonic() - begun > LIMIT_S:
                raise Broken("SeaweedFS does not answer")
            time.sleep(POLL_S)

    @property
    def pid(self) -> int:
        """The ID of the process."""
        return self._server.pid

    def _makes_bucket(self) -> bool:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._filer, timeout=LIMIT_S
        )
        try:
            connection.request("POST", f"/buckets/{BUCKET}/")
            return connection.getresponse().status // 100 == 2
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """Stops the server."""
        self._server.stop()


def low_ports(number: int) -> list[int]:
    """Returns free ports. SeaweedFS adds 10,000 to each for another one."""
    found: list[int] = []
    for port in range(21_000 + os.getpid() % 1000, 22_700):
        try:
            for one in (port, port + 10_000):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", one))
        except OSError:
            continue
        found.append(port)
        if len(found) == number:
            return found
    raise Broken("no ports are free for SeaweedFS")


def room_for(directory: Path, needed: int) -> None:
    """Fails if the disk has less free bytes than a measurement needs."""
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise Broken(
            f"{directory} has {free >> 20} MiB free, and {needed >> 20} MiB are needed"
        )
