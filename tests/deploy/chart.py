"""The Helm chart, rendered without a cluster."""

from dataclasses import dataclass
from pathlib import Path

import helm_python
import yaml
from helm_python.chart import Chart

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "nbcourier"
VALUES = Path(__file__).parent / "values"
NOTES = "templates/NOTES.txt"


@dataclass(frozen=True)
class Rendered:
    """The manifests that a chart makes of some values."""

    texts: dict[str, str]
    """The rendered templates by path within the chart. Empty ones are left out."""

    @property
    def notes(self) -> str:
        """Returns the text that Helm shows after an installation."""
        return self.texts[NOTES]

    @property
    def documents(self) -> list[dict]:
        """Returns all manifests."""
        texts = [text for path, text in self.texts.items() if path != NOTES]
        documents = [each for text in texts for each in yaml.safe_load_all(text)]
        return [document for document in documents if document is not None]

    def all_of(self, kind: str) -> list[dict]:
        """Returns the manifests of one kind."""
        return [each for each in self.documents if each["kind"] == kind]

    def only(self, kind: str) -> dict:
        """Returns the one manifest of that kind."""
        (found,) = self.all_of(kind)
        return found

    @property
    def pod(self) -> dict:
        """Returns the pod of the Deployment or the Job."""
        (workload,) = self.all_of("Deployment") + self.all_of("Job")
        return workload["spec"]["template"]["spec"]

    @property
    def container(self) -> dict:
        """Returns the container of the server."""
        return self.pod["containers"][0]

    def environment(self) -> dict[str, object]:
        """Returns the environment of the server: texts, or objects with a reference."""
        return {
            each["name"]: each.get("value", each.get("valueFrom"))
            for each in self.container["env"]
        }

    @property
    def configuration(self) -> str:
        """Returns the configuration file of the program."""
        return self.all_of("ConfigMap")[0]["data"]["nbcourier.toml"]


def load_values(name: str) -> dict:
    """Returns the values of a file in `values/`."""
    return yaml.safe_load((VALUES / f"{name}.yaml").read_text()) or {}


def render(
    values: dict | None = None,
    *,
    release: str = "nbcourier",
    namespace: str = "jhub",
    chart: Path = CHART,
) -> Rendered:
    """Renders the chart as `helm template` does."""
    with Chart.load(chart) as loaded:
        texts = loaded.render(
            values=values or {}, name=release, namespace=namespace, is_install=True
        )
    paths = {path.removeprefix("nbcourier/"): text for path, text in texts.items()}
    return Rendered({path: text for path, text in paths.items() if text.strip()})


def refusal(values: dict, **options: object) -> str:
    """Returns the message with which the chart refuses values."""
    try:
        render(values, **options)
    except helm_python.HelmError as error:
        return str(error)
    raise AssertionError(f"the chart takes {values}")
