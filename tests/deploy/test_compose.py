"""The compose files in deploy/ are valid, and their services work together: the image of the service in a container, the
hub's configuration in the JupyterHub of the tests, and PostgreSQL and the object store in the versions of the tests.
"""

import base64
import json
import os
import re
import socket
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from chart import ROOT, Rendered
from image import DOCKERFILE, Image
from network import Network
from object_store import ObjectStore
from pod import Cluster, Pod
from postgres import Postgres

COMPOSE = ROOT / "deploy" / "compose.yaml"
HUB_CONFIG = ROOT / "deploy" / "compose" / "jupyterhub_config.py"
# PostgreSQL and an object store beneath the same service.
SCALED = ROOT / "deploy" / "compose.scaled.yaml"
SERVICES = yaml.safe_load(COMPOSE.read_text())["services"]
START_LIMIT_S = 60
POLL_S = 0.2
COMMAND_LIMIT_S = 60


def read(*files: Path) -> dict[str, dict]:
    """Returns the services of compose files together, as compose itself puts them together."""
    named = [argument for file in files for argument in ("--file", str(file))]
    done = subprocess.run(
        ["docker-compose", *named, "config"],
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
    )
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)["services"]


@pytest.mark.parametrize("files", [[COMPOSE], [COMPOSE, SCALED]])
def test_compose_accepts_the_files(files: list[Path]) -> None:
    named = {
        name for file in files for name in yaml.safe_load(file.read_text())["services"]
    }
    assert set(read(*files)) == named


def test_each_server_has_a_directory_of_its_own_if_there_are_several() -> None:
    places = read(COMPOSE, SCALED)["nbcourier"]["volumes"]
    assert places == ["/srv/nbcourier"]


def test_passwords_and_keys_are_the_same_on_both_sides() -> None:
    services = read(COMPOSE, SCALED)
    environment = services["nbcourier"]["environment"]
    database = services["database"]["environment"]
    address = urllib.parse.urlsplit(environment["NBCOURIER_DATABASE"])
    assert address.hostname == "database"
    assert address.username == database["POSTGRES_USER"]
    assert address.password == database["POSTGRES_PASSWORD"]
    assert address.path == f"/{database['POSTGRES_DB']}"
    keys = [
        environment[f"AWS_{name}"] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
    ]
    command = services["objects"]["command"]
    assert command[command.index("--auth-key") + 1] == ",".join(keys)
    endpoint = urllib.parse.urlsplit(environment["NBCOURIER_S3_ENDPOINT"])
    assert endpoint.hostname == "objects"
    assert command[command.index("--addr") + 1] == f":{endpoint.port}"
    bucket = urllib.parse.urlsplit(environment["NBCOURIER_STORAGE"]).hostname
    (volume,) = services["objects"]["volumes"]
    assert volume.split(":")[1] == f"{command[-1]}/{bucket}"


def test_files_and_targets_of_the_file_exist() -> None:
    stages = re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE.read_text(), re.MULTILINE)
    for service in SERVICES.values():
        build = service["build"]
        context = COMPOSE.parent / build["context"]
        assert (context / build["dockerfile"]).samefile(DOCKERFILE)
        assert build.get("target", stages[0]) in stages
    copied = re.findall(
        r"^COPY (?!--from|\.|image|volumes)(.+) \S+$",
        DOCKERFILE.read_text(),
        re.MULTILINE,
    )
    for source in " ".join(copied).split():
        assert (ROOT / source).exists(), source


def test_the_two_agree_about_their_secret() -> None:
    tokens = {
        SERVICES["hub"]["environment"]["NBCOURIER_TOKEN"],
        SERVICES["nbcourier"]["environment"]["JUPYTERHUB_API_TOKEN"],
    }
    assert len(tokens) == 1


def pod_of(service: dict) -> Rendered:
    """Returns a service of the compose files in the form of a pod."""
    # A volume without a name belongs to one container.
    named, slash, rest = service["volumes"][0].partition("/")
    volume, place = named.rstrip(":") or "unnamed", slash + rest.split(":")[0]
    (memory,) = service["tmpfs"]
    container = {
        "name": "service",
        "env": [{"name": k, "value": v} for k, v in service["environment"].items()],
        "ports": [{"name": "http", "containerPort": 8080}],
        "startupProbe": {"httpGet": {"path": "/healthz", "port": "http"}},
        "securityContext": {
            "readOnlyRootFilesystem": service["read_only"],
            "allowPrivilegeEscalation": "no-new-privileges:true"
            not in service["security_opt"],
            "capabilities": {"drop": service["cap_drop"]},
        },
        "volumeMounts": [
            {"name": volume, "mountPath": place},
            {"name": "memory", "mountPath": memory},
        ],
    }
    spec = {
        "enableServiceLinks": False,
        "containers": [container],
        "volumes": [{"name": name, "emptyDir": {}} for name in (volume, "memory")],
    }
    workload = {"kind": "Job", "spec": {"template": {"spec": spec}}}
    return Rendered({"compose.yaml": yaml.safe_dump(workload)})


@dataclass(frozen=True)
class Trial:
    """The running hub and the tokens of its people."""

    network: Network
    tokens: dict[str, str]
    database: Postgres | None = None
    store: ObjectStore | None = None

    def add(self, person: str) -> None:
        """Gets a token of a person from the hub."""
        headers = {"Authorization": f"token {self.tokens['root']}"}
        address = f"/hub/api/users/{person}/tokens"
        status, text = self.network.send("POST", 8000, address, headers, "{}")
        assert status == 201, text
        self.tokens[person] = json.loads(text)["token"]

    def ask(self, person: str, method: str, path: str, **form: str) -> tuple[int, dict]:
        """Sends a request of a person through the proxy of the hub."""
        headers = {
            "Authorization": f"token {self.tokens[person]}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = urllib.parse.urlencode(form) if form else None
        address = f"/services/nbcourier/{path}"
        status, text = self.network.send(method, 8000, address, headers, body)
        return status, json.loads(text)


@pytest.fixture(params=[[COMPOSE], [COMPOSE, SCALED]], ids=["one", "scaled"])
def trial(
    request: pytest.FixtureRequest, image: Image, tmp_path: Path
) -> Iterator[Trial]:
    """All services as the compose files describe them."""
    services = read(*request.param)
    cache = Path(os.environ["NBCOURIER_CACHE"])
    jupyterhub = cache / "lab" / "bin" / "jupyterhub"
    assert jupyterhub.exists(), f"no {jupyterhub}: run scripts/setup-clients.sh"
    network = Network(with_hub=False)
    request.addfinalizer(network.close)
    # Docker adds the name of the container itself.
    names = f"localhost hub nbcourier {socket.gethostname()}"
    (tmp_path / "hosts").write_text(f"127.0.0.1 {names}\n")
    (tmp_path / "opt").mkdir()
    (tmp_path / "opt" / "proxy").symlink_to(cache / "proxy")
    home = tmp_path / "people"
    home.mkdir()
    # The places of the image, in file systems that only the hub sees.
    inside = f'mount --bind {tmp_path}/hosts /etc/hosts && mount --bind {tmp_path}/opt /opt && cd {home} && exec "$@"'
    enter = [
        "nsenter",
        f"--net={network.path}",
        "unshare",
        "--mount",
        "sh",
        "-c",
        inside,
        "sh",
    ]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        **services["hub"]["environment"],
    }

    def run(*arguments: str) -> list[str]:
        return [*enter, str(jupyterhub), *arguments, "--config", str(HUB_CONFIG)]

    # The hub makes it an administrator's, so it can make the tokens of others.
    done = subprocess.run(
        run("token", "root"),
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
    )
    assert done.returncode == 0, done.stderr
    made = Trial(network, {"root": done.stdout.split()[-1]})
    if "database" in services:
        password = services["database"]["environment"]["POSTGRES_PASSWORD"]
        made = replace(made, database=Postgres(network, tmp_path, password))
        request.addfinalizer(made.database.stop)
    if "objects" in services:
        bucket = urllib.parse.urlsplit(
            services["nbcourier"]["environment"]["NBCOURIER_STORAGE"]
        ).hostname
        command = services["objects"]["command"]
        made = replace(made, store=ObjectStore(network, tmp_path, bucket, command))
        request.addfinalizer(made.store.stop)
    log = (tmp_path / "hub.log").open("w")
    request.addfinalizer(log.close)
    hub = subprocess.Popen(run(), env=environment, stdout=log, stderr=log)
    request.addfinalizer(lambda: hub.wait(START_LIMIT_S))
    request.addfinalizer(hub.terminate)
    with Pod(Cluster(image, network, tmp_path), pod_of(services["nbcourier"])) as pod:
        pod.wait_until_started()
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                if made.ask("root", "GET", "courses")[0] == 200:
                    break
            except (OSError, json.JSONDecodeError):
                pass
            assert hub.poll() is None, (tmp_path / "hub.log").read_text()
            assert time.monotonic() < deadline, (tmp_path / "hub.log").read_text()
            time.sleep(POLL_S)
        for person in ("ira", "ada"):
            made.add(person)
        yield made


def test_a_course_is_there_for_the_groups_of_the_hub(trial: Trial) -> None:
    assert trial.ask("ira", "POST", "course/algebra")[0] == 403
    assert trial.ask("root", "POST", "course/algebra") == (200, {"success": True})
    assert trial.ask("ira", "GET", "courses")[1]["courses"] == ["algebra"]
    # Too long for the database.
    content = base64.b64encode(b"x" * 100_000).decode()
    files = json.dumps([{"path": "p1.ipynb", "content": content}])
    assert trial.ask("ira", "POST", "assignment/algebra/ps1", files=files)[0] == 200
    assert trial.ask("ada", "POST", "submission/algebra/ps1", files=files)[0] == 200
    assert trial.ask("ada", "POST", "assignment/algebra/ps2", files=files)[0] == 403
    if trial.database:
        count = "SELECT count(*) FROM submissions"
        assert trial.database.query("nbcourier", count) == "1"
    if trial.store:
        assert len(trial.store.names()) == 1
