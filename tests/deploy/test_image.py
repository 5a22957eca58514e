"""The image holds the program with its libraries, and runs as nobody."""

import re
import subprocess
import tomllib

import yaml
from chart import CHART, ROOT
from image import DOCKERFILE, Image


def test_the_image_runs_the_server_as_nobody(image: Image) -> None:
    assert image.config["User"] == "65535:65535"
    assert image.config["Entrypoint"] == ["nbcourier"]
    assert image.config["Cmd"] == ["serve"]
    assert image.environment["NBCOURIER_DATA_DIR"] == "/srv/nbcourier"
    # A volume of the image would hide a missing mount, and would be lost with the container.
    assert not image.config.get("Volumes")


def test_a_new_volume_of_docker_belongs_to_the_server(image: Image) -> None:
    data = (image.root / "srv" / "nbcourier").stat()
    assert (data.st_uid, data.st_gid) == (65535, 65535)
    assert data.st_mode & 0o022 == 0


def test_the_image_holds_one_program_and_nothing_with_more_rights(image: Image) -> None:
    programs = {path.name for path in (image.root / "usr/local/bin").iterdir()}
    assert programs == {"nbcourier"}
    set_id = [path for path in image.root.rglob("*") if path.lstat().st_mode & 0o6000]
    assert set_id == []


def test_the_dockerfile_compiles_with_the_oldest_supported_compiler() -> None:
    wanted = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
    (used,) = re.findall(r"^FROM rust:([0-9.]+)-", DOCKERFILE.read_text(), re.MULTILINE)
    assert used == wanted["rust-version"]


def test_the_files_that_the_build_leaves_out_are_no_sources() -> None:
    ignored = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text().split()
    tracked = subprocess.run(
        ["git", "ls-files", *ignored],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert tracked.stdout == ""


def test_chart_and_program_have_the_same_version() -> None:
    package = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == package["version"]
