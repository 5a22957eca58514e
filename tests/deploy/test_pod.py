"""The rendered pod runs: as nobody, on a read-only file system, with a volume that a node has prepared."""

import base64
import json
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace

import pytest
from chart import load_values, render
from network import Network
from ngshare import Installation
from object_store import KEY, PORT, ObjectStore
from pod import Cluster, ContainerFailed, Pod
from postgres import PASSWORD, Postgres

NGSHARES = load_values("ngshare")
CLAIM = "nbcourier-pvc"


def started(cluster: Cluster, values: dict | None = None) -> Pod:
    """Starts the pod of some values, by default of the smallest ones."""
    pod = Pod(cluster, render(values or load_values("minimal")))
    pod.wait_until_started()
    return pod


def ask(
    pod: Pod, person: str, method: str, address: str, **form: str
) -> tuple[int, dict]:
    """Sends a request of a person to the service, and returns the status and the reply."""
    prefix = pod.environment["JUPYTERHUB_SERVICE_PREFIX"]
    headers = {"Authorization": f"token token-of-{person}"}
    body = urllib.parse.urlencode(form) if form else None
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    status, text = pod.send(method, prefix + address, headers, body)
    return status, json.loads(text)


def test_the_pod_runs_as_nobody_and_passes_its_probes(cluster: Cluster) -> None:
    with started(cluster) as pod:
        assert pod.passes("livenessProbe")
        assert pod.passes("readinessProbe")
        status = pod.process_status()
        assert set(status["Uid"].split()) == {"65535"}
        assert status["Groups"] == "1000"
        assert {status[f"Cap{kind}"] for kind in ("Prm", "Eff", "Bnd")} == {"0" * 16}
        assert status["NoNewPrivs"] == "1"
        assert pod.is_read_only("/")
        assert not pod.is_read_only("/srv/nbcourier")
        assert pod.stop() == 0


def test_people_of_the_hub_work_with_the_service(cluster: Cluster) -> None:
    admin = "Lovelace,Ada"
    with started(cluster, {"nbcourier": {"admins": ["root", admin]}}) as pod:
        assert ask(pod, "ada", "POST", "course/algebra")[0] == 403
        made = ask(pod, admin, "POST", "course/algebra", instructors='["ira"]')
        assert made == (200, {"success": True}), pod.log()
        assert ask(pod, "ira", "GET", "courses")[1]["courses"] == ["algebra"]
        assert ask(pod, "ada", "GET", "courses")[1]["courses"] == []
        asked = cluster.network.asked()
        # Its own token is the one of the Secret.
        assert pod.environment["JUPYTERHUB_API_TOKEN"] in {
            each["token"] for each in asked
        }
        assert {each["path"] for each in asked} >= {"/hub/api/user"}


def test_an_upload_needs_no_other_place_than_the_volumes(cluster: Cluster) -> None:
    with started(cluster) as pod:
        ask(pod, "root", "POST", "course/algebra", instructors='["ira"]')
        files = json.dumps([{"path": "large", "content": "QUJD" * 4_000_000}])
        status, reply = ask(pod, "ira", "POST", "assignment/algebra/ps1", files=files)
        assert status == 200, reply


def test_a_second_pod_finds_the_data_of_the_first(cluster: Cluster) -> None:
    # The node opens the volume to the group before each start. The program refuses a key that a group can read.
    with started(cluster) as pod:
        ask(pod, "root", "POST", "course/algebra", instructors='["ira"]')
        assert pod.stop() == 0
    with started(cluster) as pod:
        assert ask(pod, "ira", "GET", "courses")[1]["courses"] == ["algebra"]


def test_two_pods_never_hold_the_database_together(
    cluster: Cluster, other_network: Network
) -> None:
    elsewhere = replace(cluster, network=other_network)
    with started(cluster), pytest.raises(ContainerFailed, match="is serving"):
        started(elsewhere)


def test_metrics_need_the_token_of_their_secret(cluster: Cluster) -> None:
    cluster.secrets["metrics"] = {"token": "scraper"}
    values = {"metrics": {"enabled": True, "existingSecret": "metrics"}}
    with started(cluster, values) as pod:
        port = pod.port("metrics")
        assert cluster.network.send("GET", port, "/metrics")[0] == 401
        headers = {"Authorization": "Bearer scraper"}
        status, text = cluster.network.send("GET", port, "/metrics", headers)
        assert status == 200 and "nbcourier_http_requests_total" in text
        # Every user of the node could read a file with other permissions.
        assert "can read the secret" not in pod.log()


def test_the_token_can_come_from_the_secret_of_the_hub(cluster: Cluster) -> None:
    cluster.secrets["hub"] = {"hub.services.nbcourier.apiToken": "made-by-the-hub"}
    with started(cluster, {"hub": {"existingSecret": "hub"}}) as pod:
        ask(pod, "ada", "GET", "courses")
        assert "made-by-the-hub" in {each["token"] for each in cluster.network.asked()}


def test_the_signing_key_can_come_from_a_secret(cluster: Cluster) -> None:
    cluster.secrets["signing-key"] = {"key": "07" * 32}
    values = {"signingKey": {"existingSecret": "signing-key"}}
    with started(cluster, values) as pod:
        data = cluster.volume(CLAIM) / "nbcourier-data"
        assert "session.key" not in {path.name for path in data.iterdir()}
        assert "can read the secret" not in pod.log()


def test_commands_in_the_container_find_data_and_hub(cluster: Cluster) -> None:
    with started(cluster) as pod:
        checked = pod.execute("nbcourier", "fsck")
        assert checked.returncode == 0, checked.stderr
        assert "All is well" in checked.stdout
        printed = pod.execute("nbcourier", "config")
        assert printed.returncode == 0, printed.stderr
        assert "/srv/nbcourier/nbcourier-data" in printed.stdout
        examined = json.loads(pod.execute("nbcourier", "doctor", "--json").stdout)
        wrong = [each for each in examined["findings"] if each["level"] == "wrong"]
        assert wrong == []


def test_a_configuration_that_the_program_refuses_says_why(cluster: Cluster) -> None:
    values = {"nbcourier": {"args": ["--no-such-flag"]}}
    with pytest.raises(ContainerFailed, match="unexpected argument '--no-such-flag'"):
        started(cluster, values)


WITH_POSTGRES = {
    "nbcourier": {"admins": ["root"]},
    "database": {
        "url": "postgres://nbcourier@db.example.org/nbcourier?sslmode=disable",
        "existingSecret": "database",
    },
}


class TestWithPostgres:
    """The rows are in PostgreSQL, and the volume has only files."""

    @pytest.fixture
    def database(self, cluster: Cluster) -> Iterator[Postgres]:
        """A server with an empty database, and the Secret with its password."""
        cluster.secrets["database"] = {"password": PASSWORD}
        server = Postgres(cluster.network, cluster.place)
        yield server
        server.stop()

    def test_a_pod_keeps_the_rows_there(
        self, cluster: Cluster, database: Postgres
    ) -> None:
        with started(cluster, WITH_POSTGRES) as pod:
            ask(pod, "root", "POST", "course/algebra", instructors='["ira"]')
            assert database.query("nbcourier", "SELECT name FROM courses") == "algebra"
            assert pod.execute("nbcourier", "fsck").returncode == 0
            assert PASSWORD not in pod.log()
        kept = {
            path.name for path in (cluster.volume(CLAIM) / "nbcourier-data").iterdir()
        }
        assert not {"nbcourier.db", "session.key"} & kept
        with started(cluster, WITH_POSTGRES) as pod:
            assert ask(pod, "ira", "GET", "courses")[1]["courses"] == ["algebra"]

    def test_the_data_of_ngshare_comes_over_once(
        self, cluster: Cluster, database: Postgres, old: Installation
    ) -> None:
        values = NGSHARES | {"database": WITH_POSTGRES["database"]}
        with started(cluster, values) as pod:
            assert "Everything is here" in pod.log("import-ngshare")
            assert ask(pod, "admin1", "DELETE", "course/geometry")[0] == 200
        with started(cluster, values) as pod:
            assert "Nothing was imported now" in pod.log("import-ngshare")
            assert ask(pod, "admin1", "GET", "courses")[1]["courses"] == []


class TestWithPostgresAndS3:
    """The rows are in PostgreSQL, and large files in a bucket. The pod has no volume."""

    VALUES = WITH_POSTGRES | {
        "s3": {
            "bucket": "work",
            "prefix": "term",
            "endpoint": f"http://127.0.0.1:{PORT}",
            "existingSecret": "objects",
        }
    }

    @pytest.fixture
    def objects(self, cluster: Cluster) -> Iterator[ObjectStore]:
        """The two servers, and the Secrets for them."""
        cluster.secrets["database"] = {"password": PASSWORD}
        cluster.secrets["objects"] = KEY
        database = Postgres(cluster.network, cluster.place)
        store = ObjectStore(cluster.network, cluster.place)
        yield store
        store.stop()
        database.stop()

    def test_a_pod_keeps_nothing_on_its_own_disk(
        self, cluster: Cluster, objects: ObjectStore
    ) -> None:
        content = base64.encodebytes(bytes(range(256)) * 400).decode()
        files = json.dumps([{"path": "large", "content": content}])
        with started(cluster, self.VALUES) as pod:
            ask(pod, "root", "POST", "course/algebra", instructors='["ira"]')
            released = ask(pod, "ira", "POST", "assignment/algebra/ps1", files=files)
            assert released[0] == 200, pod.log()
            assert len(objects.names()) == 1
            assert pod.execute("nbcourier", "fsck").returncode == 0
            assert pod.passes("readinessProbe")
            assert KEY["secretAccessKey"] not in pod.log()
            assert pod.stop() == 0
        with started(cluster, self.VALUES) as pod:
            fetched = ask(pod, "ira", "GET", "assignment/algebra/ps1")[1]["files"]
            assert base64.b64decode(fetched[0]["content"]) == bytes(range(256)) * 400


class TestMovingFromNgshare:
    """The claim of ngshare's chart holds ngshare's data."""

    def test_the_first_start_imports_and_changes_nothing_of_it(
        self, cluster: Cluster, old: Installation
    ) -> None:
        before = contents(old)
        with started(cluster, NGSHARES) as pod:
            assert "Everything is here" in pod.log("import-ngshare")
            assert pod.environment["JUPYTERHUB_SERVICE_PREFIX"] == "/services/ngshare/"
            assert ask(pod, "admin1", "GET", "courses")[1]["courses"] == ["geometry"]
            files = ask(pod, "admin1", "GET", "assignment/geometry/ps1")[1]["files"]
            assert [file["path"] for file in files] == ["task"]
        assert contents(old) == before

    def test_later_starts_do_not_restore_deleted_courses(
        self, cluster: Cluster, old: Installation
    ) -> None:
        with started(cluster, NGSHARES) as pod:
            assert ask(pod, "admin1", "DELETE", "course/geometry")[0] == 200
        with started(cluster, NGSHARES) as pod:
            assert "Nothing was imported now" in pod.log("import-ngshare")
            assert ask(pod, "admin1", "GET", "courses")[1]["courses"] == []

    def test_nothing_is_served_until_the_operator_accepts_an_incomplete_import(
        self, cluster: Cluster, old: Installation
    ) -> None:
        (old.storage / "task").write_bytes(b"do")
        for _ in range(2):
            with pytest.raises(
                ContainerFailed, match="left behind: .*task.* has 2 bytes"
            ):
                started(cluster, NGSHARES)
        accepted = NGSHARES | {"import": {"ngshare": {"incomplete": True}}}
        with started(cluster, accepted) as pod:
            assert ask(pod, "admin1", "GET", "courses")[1]["courses"] == ["geometry"]

    def test_a_new_volume_starts_empty(self, cluster: Cluster) -> None:
        with started(cluster, NGSHARES) as pod:
            assert "There is no database of ngshare" in pod.log("import-ngshare")
            assert ask(pod, "admin1", "GET", "courses")[1]["courses"] == []


def contents(old: Installation) -> dict[str, bytes]:
    """Returns all files of ngshare."""
    kept = [old.database, *sorted(old.storage.iterdir())]
    return {path.name: path.read_bytes() for path in kept}
