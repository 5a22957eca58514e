"""docs/kubernetes.md shows values that the chart takes, and commands for objects that it makes."""

import re
import shlex

import kubernetes_validate
import pytest
import yaml
from chart import CHART, ROOT, Rendered, render
from ngshare import Installation
from pod import Cluster, Pod
from program import flags_of

PAGE = (ROOT / "docs" / "kubernetes.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
# Programs that are not ours, and are not installed here.
FOREIGN = ["docker", "helm", "kubectl", "nbgrader"]


def named(name: str) -> list[dict]:
    """Returns the content of the blocks of YAML that begin with the name of a file."""
    blocks = [text for kind, text in BLOCKS if kind == "yaml"]
    assert all(re.match(r"# \w+\.yaml\n", text) for text in blocks)
    return [
        yaml.safe_load(text) for text in blocks if text.startswith(f"# {name}.yaml\n")
    ]


def commands() -> list[list[str]]:
    """Returns the words of each command of the page."""
    blocks = [text for kind, text in BLOCKS if kind == "text" and "FROM " not in text]
    return [shlex.split(line) for text in blocks for line in text.splitlines()]


@pytest.mark.parametrize(
    "values", named("nbcourier"), ids=lambda values: "-".join(values)
)
def test_the_chart_takes_the_values(values: dict) -> None:
    rendered = render(values)
    assert rendered.only("Deployment")
    assert "WARNING: There is no administrator" not in rendered.notes


def test_the_hub_gets_the_service_that_the_notes_describe() -> None:
    (hub,) = named("hub")
    notes = render(named("nbcourier")[0]).notes
    begin = notes.index("hub:\n")
    described = yaml.safe_load(notes[begin : notes.index("\n\n", begin)])["hub"]
    assert hub["hub"] == described


def test_every_value_of_the_table_exists() -> None:
    table = PAGE[PAGE.index("| value | effect |") :].split("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    keys = [key for cell in cells for key in re.findall(r"`([\w.]+)`", cell)]
    assert len(keys) >= len(cells)
    text = (CHART / "values.yaml").read_text()
    for key in keys:
        assert re.search(rf"^\s*(?:# )?{key.split('.')[-1]}:", text, re.MULTILINE), key


def test_commands_name_objects_that_exist(binary) -> None:
    deployments = {"nbcourier": render(named("nbcourier")[0])}
    (ngshares,) = [each for each in named("nbcourier") if "nameOverride" in each]
    deployments["ngshare"] = render(ngshares, release="ngshare")
    seen = 0
    for command in commands():
        assert command[0] in [*FOREIGN, "nbcourier"], command
        for word in command:
            kind, _, name = word.partition("/")
            if kind == "deployment":
                assert deployments[name].only("Deployment")["metadata"]["name"] == name
                seen += 1
        if "--container" in command:
            container = command[command.index("--container") + 1]
            names = [
                each["name"] for each in deployments["ngshare"].pod["initContainers"]
            ]
            assert container in names
        if "nbcourier" in command[1:] and "--" in command:
            ours = command[command.index("--") + 2 :]
            flags_of(binary, ours[0])
    assert seen >= 5


def test_the_look_at_ngshare_reads_only(cluster: Cluster, old: Installation) -> None:
    (look,) = named("look")
    kubernetes_validate.validate(look, "1.37", strict=True)
    before = {path: path.stat().st_mtime for path in old.directory.rglob("*")}
    pod = Pod(cluster, Rendered({"look.yaml": yaml.safe_dump(look)}))
    assert pod.exit_code() == 0, pod.log("look")
    assert "Everything can be imported" in pod.log("look")
    assert {path: path.stat().st_mtime for path in old.directory.rglob("*")} == before


def test_the_page_names_the_versions_of_the_chart() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert set(re.findall(r"nbcourier[:-](\d+\.\d+\.\d+)", PAGE)) == {chart["version"]}
    oldest = chart["kubeVersion"].removeprefix(">=").removesuffix(".0-0")
    assert f"Kubernetes {oldest} or newer" in PAGE
