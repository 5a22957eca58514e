"""The container image, built from `deploy/Dockerfile` around a program that is compiled already. No registry is asked."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from chart import ROOT

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
NAME = "localhost/nbcourier:test"
BUILD_LIMIT_S = 300
LIMIT_S = 30


@dataclass(frozen=True)
class Image:
    """An image whose files are in a directory."""

    root: Path
    config: dict

    @property
    def environment(self) -> dict[str, str]:
        """Returns the variables that the image sets."""
        return dict(each.split("=", 1) for each in self.config.get("Env", []))


def build(binary: Path, place: Path) -> Image:
    """Builds the image in an own store below `place`."""
    context = place / "context"
    lay_out(binary, context / "image")
    (context / "volumes" / "nbcourier").mkdir(parents=True)
    builder = Builder(place)
    # Without a base, the image holds only the files that are laid out. So nothing else can be missing later.
    builder.run(
        "bud",
        "--isolation=chroot",
        "--pull-never",
        f"--file={DOCKERFILE}",
        "--build-arg=BASE=scratch",
        "--build-arg=SOURCE=prebuilt",
        f"--tag={NAME}",
        str(context),
    )
    inspected = json.loads(builder.run("inspect", "--type=image", NAME))
    container = builder.run("from", "--pull-never", NAME).strip()
    root = Path(builder.run("mount", container).strip())
    return Image(root, inspected["OCIv1"]["config"])


class Builder:
    """buildah with a store of its own."""

    def __init__(self, place: Path) -> None:
        policy = place / "policy.json"
        policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self._global = [
            "--storage-driver=vfs",
            f"--root={place / 'store'}",
            f"--runroot={place / 'run'}",
        ]
        self._policy = f"--signature-policy={policy}"

    def run(self, command: str, *arguments: str) -> str:
        """Runs a command of buildah, and returns its output."""
        policy = [self._policy] if command in ("bud", "from") else []
        done = subprocess.run(
            ["buildah", *self._global, command, *policy, *arguments],
            capture_output=True,
            text=True,
            timeout=BUILD_LIMIT_S,
        )
        assert done.returncode == 0, f"buildah {command}: {done.stderr}"
        return done.stdout


def lay_out(binary: Path, image: Path) -> None:
    """Puts the program, its libraries and the certificates where the Dockerfile expects them."""

    def put(source: Path, target: Path) -> None:
        copy = image / str(target).lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source.resolve(), copy)

    put(binary, Path("/usr/local/bin/nbcourier"))
    for library in libraries_of(binary):
        put(library, library)
    put(certificates(), Path("/etc/ssl/certs/ca-certificates.crt"))
    # Without this file, the C library asks only name servers.
    (image / "etc" / "nsswitch.conf").write_text("hosts: files dns\n")


def libraries_of(binary: Path) -> list[Path]:
    """Returns the libraries that the program is linked with, and their loader."""
    listed = subprocess.run(
        ["ldd", binary], capture_output=True, text=True, check=True, timeout=LIMIT_S
    )
    words = [word for line in listed.stdout.splitlines() for word in line.split()]
    return [Path(word) for word in words if word.startswith("/")]


def certificates() -> Path:
    """Returns the file of the system's certificates."""
    return Path("/etc/ssl/certs/ca-certificates.crt")
