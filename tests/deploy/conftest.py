"""The fixtures of these tests: the program, its image, and a cluster of one node for each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from chart import ROOT
from image import Image, build
from network import Network, require_root
from ngshare import Installation, small
from pod import Cluster
from postgres import let_through



@pytest.fixture(scope="session")
def binary() -> Path:
    """The program under test."""
    built = ROOT / "target" / "debug" / "nbcourier"
    return Path(os.environ.get("NBCOURIER_BIN", built))


@pytest.fixture(scope="session")
def image(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image with the program."""
    require_root()
    return build(binary, tmp_path_factory.mktemp("image"))


@pytest.fixture
def network() -> Iterator[Network]:
    """A network with a hub."""
    require_root()
    made = Network()
    yield made
    made.close()


@pytest.fixture
def other_network() -> Iterator[Network]:
    """Another network with a hub, for a second pod."""
    made = Network()
    yield made
    made.close()


@pytest.fixture
def cluster(image: Image, network: Network, tmp_path: Path) -> Cluster:
    """A cluster without pods."""
    let_through(tmp_path)
    return Cluster(image, network, tmp_path)


@pytest.fixture
def old(cluster: Cluster, tmp_path: Path) -> Installation:
    """The data of ngshare in the volume of its chart, as ngshare left it."""
    made = small(tmp_path / "ngshare")
    volume = cluster.volume("ngshare-pvc")
    made.database.rename(volume / "ngshare.db")
    made.storage.rename(volume / "files")
    give_to_ngshare(volume)
    return Installation(volume)


def give_to_ngshare(volume: Path) -> None:
    """Gives files to the account of ngshare's container, and to the group of its chart."""
    for path in [volume, *volume.rglob("*")]:
        owner = 0 if path == volume or path.name == "lost+found" else 65535
        os.chown(path, owner, 1000)
        path.chmod(0o2775 if path.is_dir() else 0o664)
