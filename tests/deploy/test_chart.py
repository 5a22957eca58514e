"""The chart renders valid manifests, which the shipped program understands, and takes the place of ngshare's chart."""

import base64
import difflib
import json
import os
import re
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from api import api, upgrade
from chart import CHART, NOTES, Rendered, load_values, render
from helm_python.chart import lint
from program import flags_of, help_of, settings_as_read, variables_of

GOLDEN = Path(__file__).parent / "golden"
# The values in `values/`, and the names of the releases in the guides.
CASES = {
    "minimal": "nbcourier",
    "ngshare": "ngshare",
    "ngshare-defaults": "ngshare",
    "everything": "nbcourier",
    "postgres": "nbcourier",
    "s3": "nbcourier",
    "replicas": "nbcourier",
}
# The versions of Kubernetes that the manifests are checked with: the oldest one of Chart.yaml, and newer ones.
VERSIONS = ["1.30", "1.33", "1.37"]
# Resources that are not part of Kubernetes.
FOREIGN = ["ServiceMonitor"]


def rendered_case(name: str) -> Rendered:
    """Renders one of the cases."""
    return render(load_values(name), release=CASES[name])


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    """The name of a file in `values/`."""
    return request.param


def test_the_chart_has_nothing_to_complain_about(case: str) -> None:
    report = lint(CHART, load_values(case), strict=True)
    assert report["errors"] == []
    complaints = [each["error"] for each in report["messages"]]
    assert complaints == ["icon is recommended"]


def test_the_manifests_are_those_that_were_reviewed(case: str) -> None:
    """Run with UPDATE_SNAPSHOT=1 to accept new ones, and read the difference."""
    rendered = rendered_case(case)
    texts = rendered.texts | {NOTES: commented(rendered.notes)}
    text = "".join(
        f"# {path}\n{without_blank_lines(texts[path])}" for path in sorted(texts)
    )
    text = without_random_token(text, load_values(case))
    golden = GOLDEN / f"{case}.yaml"
    if os.environ.get("UPDATE_SNAPSHOT"):
        golden.write_text(text)
    before = golden.read_text().splitlines()
    difference = difflib.unified_diff(
        before, text.splitlines(), str(golden), "rendered", lineterm=""
    )
    assert text == golden.read_text(), "\n".join(difference)


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_accepts_the_manifests(case: str, version: str) -> None:
    checked = 0
    for document in rendered_case(case).documents:
        if document["kind"] not in FOREIGN:
            kubernetes_validate.validate(document, version, strict=True)
            checked += 1
    assert checked >= 5


def test_names_and_values_fit_into_labels(case: str) -> None:
    for document in rendered_case(case).documents:
        for key, value in document["metadata"]["labels"].items():
            assert re.fullmatch(
                r"[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?", value
            ), key
        assert re.fullmatch(
            r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", document["metadata"]["name"]
        )


@pytest.mark.parametrize("name", CASES)
def test_the_program_understands_the_settings(
    name: str, binary: Path, tmp_path: Path
) -> None:
    rendered = render(load_values(name), release=CASES[name])
    printed = settings_as_read(binary, rendered, tmp_path)
    if name == "everything":
        settings = load_values(name)["nbcourier"]["settings"]
        for setting in settings.keys() - {"groups"}:
            assert re.search(
                rf"^{setting} = .*# .*nbcourier.toml", printed, re.MULTILINE
            ), setting
        assert (
            'admins = ["root", "Lovelace, Ada", "service:grader"]'
            in printed.replace("', '", '", "')
        )


@pytest.mark.parametrize("name", CASES)
def test_the_program_knows_every_argument_and_variable(name: str, binary: Path) -> None:
    rendered = render(load_values(name), release=CASES[name])
    for container in [*rendered.pod.get("initContainers", []), rendered.container]:
        if container["image"] != rendered.container["image"]:
            continue
        command = list(container["args"])
        words = [word for word in command if not word.startswith("-")]
        subcommand = ["serve"] if words[0] == "serve" else words[:2]
        flags = {word for word in command if word.startswith("--")}
        assert flags <= flags_of(binary, *subcommand), subcommand
        names = {each["name"] for each in container["env"]}
        ours = {each for each in names if each.startswith("NBCOURIER_")}
        assert ours <= variables_of(binary, *subcommand), subcommand


def test_the_schema_has_every_setting_of_the_program_that_the_chart_does_not_set(
    binary: Path,
) -> None:
    flags = {flag.removeprefix("--") for flag in flags_of(binary, "serve")}
    schema = json.loads((CHART / "values.schema.json").read_text())
    known = schema["properties"]["nbcourier"]["properties"]["settings"]["properties"]
    assert set(known) - {"groups"} == flags - SET_BY_THE_CHART


SET_BY_THE_CHART = {
    *("help", "version", "config"),
    # Where data is kept.
    *(
        "data-dir",
        "storage",
        "database",
        "database-password-file",
        "database-connections",
        "s3-endpoint",
        "s3-region",
        "s3-access-id",
        "s3-secret-key-file",
        "s3-allow-http",
        "spool-dir",
    ),
    # The hub, the address and the path.
    *(
        "standalone",
        "host",
        "port",
        "prefix",
        "jupyterhub-api-url",
        "jupyterhub-api-token-file",
    ),
    # Keys of ngshare's chart.
    *("admins", "debug", "no-upgrade-db"),
    *("metrics-address", "metrics-token-file", "signing-key-file"),
}


def test_the_chart_offers_the_features_that_the_program_has(binary: Path) -> None:
    """If this fails, the program has learned something: add the feature to `_features.tpl`."""
    flags = flags_of(binary, "serve")
    has = {
        "database": "--database-password-file" in flags
        and "postgres://" in help_of(binary, "serve"),
        "s3": "--s3-endpoint" in flags,
        "signingKey": "--signing-key-file" in flags,
        "replicas": "one nbcourier serves a database"
        not in (CHART.parents[2] / "docs" / "postgresql.md").read_text(),
    }
    text = (CHART / "templates" / "_features.tpl").read_text()
    (listed,) = re.findall(r"\{\{- list(.*) \| toJson -\}\}", text)
    assert set(re.findall(r'"(\w+)"', listed)) == {
        name for name, it in has.items() if it
    }


class TestTakingThePlaceOfNgsharesChart:
    """A release of ngshare's chart is upgraded to this one. Names that Kubernetes cannot change stay."""

    def test_names_selector_and_prefix_stay(self) -> None:
        rendered = render(load_values("ngshare"), release="ngshare")
        deployment = rendered.only("Deployment")
        assert deployment["metadata"]["name"] == "ngshare"
        labels = {
            "app.kubernetes.io/name": "ngshare",
            "app.kubernetes.io/instance": "ngshare",
        }
        assert deployment["spec"]["selector"] == {"matchLabels": labels}
        assert rendered.only("Service")["metadata"]["name"] == "ngshare"
        assert rendered.only("Service")["spec"]["ports"][0]["port"] == 8080
        assert rendered.only("Secret")["metadata"]["name"] == "ngshare-token"
        assert (
            rendered.only("PersistentVolumeClaim")["metadata"]["name"] == "ngshare-pvc"
        )
        mounts = {
            each["name"]: each["mountPath"]
            for each in rendered.container["volumeMounts"]
        }
        assert mounts["ngshare-pvc"] == "/srv/ngshare"
        environment = rendered.environment()
        assert environment["JUPYTERHUB_SERVICE_PREFIX"] == "/services/ngshare/"
        assert environment["JUPYTERHUB_CLIENT_ID"] == "service-ngshare"
        network = "hub.jupyter.org/network-access-"
        pod_labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert {pod_labels[f"{network}{pods}"] for pods in ("hub", "singleuser")} == {
            "true"
        }

    def test_other_release_names_give_the_same_names_as_there(self) -> None:
        values = load_values("ngshare")
        rendered = render(values, release="teaching")
        assert rendered.only("Deployment")["metadata"]["name"] == "teaching-ngshare"
        assert rendered.only("Secret")["metadata"]["name"] == "ngshare-token"

    def test_the_values_of_ngshares_documentation_work_without_a_change(self) -> None:
        values = load_values("ngshare")
        del values["nameOverride"], values["image"]
        rendered = render(values)
        token = base64.b64decode(rendered.only("Secret")["data"]["token"]).decode()
        assert token == values["ngshare"]["hub_api_token"]
        assert 'admins = ["admin1", "admin2"]' in rendered.configuration

    def test_the_claim_asks_for_what_it_was_made_with(self) -> None:
        values = {"nameOverride": "ngshare"}
        claim = render(values, release="ngshare").only("PersistentVolumeClaim")["spec"]
        assert claim["accessModes"] == ["ReadWriteMany"]
        assert claim["resources"]["requests"]["storage"] == "1Gi"
        found = {
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "ngshare-pvc"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "7Gi"}},
            },
        }
        with api(found) as config:
            claim = upgrade(config, values).only("PersistentVolumeClaim")["spec"]
        assert claim["accessModes"] == ["ReadWriteOnce"]
        assert claim["resources"]["requests"]["storage"] == "7Gi"

    def test_our_section_of_the_values_wins(self) -> None:
        values = {
            "ngshare": {"admins": ["old"], "debug": True},
            "nbcourier": {"admins": ["new"], "debug": False},
        }
        assert render(values).configuration.split() == ["admins", "=", '["new"]']


def test_a_random_token_stays_over_upgrades() -> None:
    values = {"nameOverride": "ngshare"}
    with api() as config:
        first, second = (
            upgrade(config, values).only("Secret")["data"]["token"] for _ in range(2)
        )
    assert first != second
    assert len(base64.b64decode(first)) == 64
    kept = {
        "kind": "Secret",
        "metadata": {"name": "ngshare-token"},
        "data": {"token": first},
    }
    with api(kept) as config:
        assert upgrade(config, values).only("Secret")["data"]["token"] == first
        given = values | {"nbcourier": {"hub_api_token": "mine"}}
        token = upgrade(config, given).only("Secret")["data"]["token"]
        assert base64.b64decode(token) == b"mine"


def test_with_the_secret_of_the_hub_there_is_no_other() -> None:
    rendered = render({"hub": {"existingSecret": "hub"}})
    assert rendered.all_of("Secret") == []
    assert rendered.environment()["JUPYTERHUB_API_TOKEN"] == {
        "secretKeyRef": {"name": "hub", "key": "hub.services.nbcourier.apiToken"}
    }


def test_the_notes_hold_no_secret_and_valid_values_for_the_hub() -> None:
    values = {"nbcourier": {"hub_api_token": "very-secret"}}
    rendered = render(values)
    assert "very-secret" not in rendered.notes
    begin = rendered.notes.index("hub:\n")
    end = rendered.notes.index("\n\n", begin)
    hub = yaml.safe_load(rendered.notes[begin:end])["hub"]
    service = rendered.only("Service")["metadata"]["name"]
    assert (
        hub["services"]["nbcourier"]["url"]
        == f"http://{service}.jhub.svc.cluster.local:8080"
    )
    assert hub["loadRoles"]["nbcourier"]["services"] == ["nbcourier"]


def test_a_changed_setting_restarts_the_pod() -> None:
    def annotations(values: dict) -> dict:
        template = render(values).only("Deployment")["spec"]["template"]
        return template["metadata"]["annotations"]

    one, other = ({"nbcourier": {"settings": {"max-files": n}}} for n in (5, 6))
    assert annotations(one) == annotations(one)
    assert annotations(one) != annotations(other)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(None, 75), (90, 105), ("90", 105), ("2m", 135), ("1 h", 3615)],
)
def test_a_pod_that_ends_has_time_for_its_open_requests(
    given: object, seconds: int
) -> None:
    settings = {} if given is None else {"shutdown-timeout": given}
    pod = render({"nbcourier": {"settings": settings}}).pod
    assert pod["terminationGracePeriodSeconds"] == seconds


def test_the_path_of_the_hub_is_part_of_the_prefix() -> None:
    for path in ("/jupyter", "jupyter/", "/jupyter/"):
        environment = render({"nbcourier": {"hub_base_url": path}}).environment()
        assert environment["JUPYTERHUB_BASE_URL"] == "/jupyter/"
        assert (
            environment["JUPYTERHUB_SERVICE_PREFIX"] == "/jupyter/services/nbcourier/"
        )
        assert environment["JUPYTERHUB_API_URL"] == "http://hub:8081/jupyter/hub/api"


def test_a_variable_of_the_values_replaces_the_one_of_the_chart() -> None:
    values = {
        "nbcourier": {
            "env": {"JUPYTERHUB_API_URL": "http://other:1/hub/api", "BIG": 10**7}
        }
    }
    env = render(values).container["env"]
    names = [each["name"] for each in env]
    assert len(names) == len(set(names))
    environment = render(values).environment()
    assert environment["JUPYTERHUB_API_URL"] == "http://other:1/hub/api"
    assert environment["BIG"] == "10000000"


def without_random_token(text: str, values: dict) -> str:
    """Replaces a token that is another one each time."""
    service = values.get("ngshare", {}) | values.get("nbcourier", {})
    if service.get("hub_api_token"):
        return text
    return re.sub(r'(?m)^  token: ".*"$', "  token: (random)", text)


def without_blank_lines(text: str) -> str:
    """Removes empty lines, which templates leave behind."""
    lines = (line.rstrip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line)


def commented(text: str) -> str:
    """Makes a text comments of YAML."""
    return "".join(f"#   {line}\n" for line in text.splitlines())
