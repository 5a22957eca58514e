"""Runs the pod of a rendered Deployment as a node of Kubernetes would, with crun instead of a cluster.

It follows the manifest only: image, arguments, environment, Secrets, security context, volumes and probes. It
also adds the parts that Kubernetes adds by itself: variables for the Services of the namespace, and the group of volumes.
"""

import base64
import json
import os
import signal
import stat
import subprocess
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

from chart import Rendered
from image import Image
from network import Network

START_LIMIT_S = 30
STOP_LIMIT_S = 30
IMPORT_LIMIT_S = 60
POLL_S = 0.05
# The capabilities of containers that drop none.
USUAL_CAPABILITIES = [
    f"CAP_{name}"
    for name in [
        "CHOWN",
        "DAC_OVERRIDE",
        "FSETID",
        "FOWNER",
        "MKNOD",
        "NET_RAW",
        "SETGID",
        "SETUID",
        "SETFCAP",
        "SETPCAP",
        "NET_BIND_SERVICE",
        "SYS_CHROOT",
        "KILL",
        "AUDIT_WRITE",
    ]
]


@dataclass
class Cluster:
    """The surroundings of a pod: an image, a network, Secrets, and the volumes of claims."""

    image: Image
    network: Network
    place: Path
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)

    def volume(self, claim: str) -> Path:
        """Returns the directory of a claim's volume. A new one belongs to root, as on a new disk."""
        volume = self.place / "claims" / claim
        if not volume.exists():
            volume.mkdir(parents=True)
            volume.chmod(0o755)
            (volume / "lost+found").mkdir(mode=0o700)
        return volume


class ContainerFailed(AssertionError):
    """A container ended with an error. The message is its log."""


class Pod:
    """A running pod. Closing it stops it as Kubernetes does."""

    _numbers = 0

    def __init__(self, cluster: Cluster, rendered: Rendered) -> None:
        Pod._numbers += 1
        self._cluster = cluster
        self._rendered = rendered
        self._place = cluster.place / f"pod-{Pod._numbers}"
        self._spec = rendered.pod
        self._volumes = {
            volume["name"]: self._make_volume(volume)
            for volume in self._spec["volumes"]
        }
        for manifest in self._spec.get("initContainers", []):
            code = self._start(manifest).wait(IMPORT_LIMIT_S)
            if code != 0:
                raise ContainerFailed(self.log(manifest["name"]))
        self._server = self._start(rendered.container)

    def __enter__(self) -> "Pod":
        return self

    def __exit__(self, *_failure: object) -> None:
        self.stop()

    def log(self, name: str | None = None) -> str:
        """Returns the log of a container, by default of the server."""
        name = name or self._rendered.container["name"]
        return (self._place / f"{name}.log").read_text()

    def exit_code(self) -> int:
        """Waits for the end of the main container, and returns its exit code."""
        return self._server.wait(IMPORT_LIMIT_S)

    def wait_until_started(self) -> None:
        """Asks the startup probe until it passes."""
        deadline = time.monotonic() + START_LIMIT_S
        while not self.passes("startupProbe"):
            if self._server.process.poll() is not None:
                raise ContainerFailed(self.log())
            assert time.monotonic() < deadline, self.log()
            time.sleep(POLL_S)

    def passes(self, probe: str) -> bool:
        """Whether a probe of the server passes now."""
        request = self._rendered.container[probe]["httpGet"]
        try:
            status, _ = self._cluster.network.get(
                self.port(request["port"]), request["path"]
            )
        except OSError:
            return False
        return 200 <= status < 400

    def port(self, name: str) -> int:
        """Returns the number of a port of the server."""
        ports = self._rendered.container["ports"]
        return next(port["containerPort"] for port in ports if port["name"] == name)

    def send(
        self, method: str, path: str, headers: dict[str, str], body: str | None
    ) -> tuple[int, str]:
        """Sends a request to the server, and returns the status and the reply."""
        return self._cluster.network.send(
            method, self.port("http"), path, headers, body
        )

    @property
    def environment(self) -> dict[str, str]:
        """Returns the environment of the server."""
        return self._environment(self._rendered.container)

    def is_read_only(self, place: str) -> bool:
        """Whether the server sees a file system that it cannot write to at this mount point."""
        lines = Path(f"/proc/{self._server.pid()}/mountinfo").read_text().splitlines()
        fields = [line.split() for line in lines]
        (options,) = (each[5] for each in fields if each[4] == place)
        return "ro" in options.split(",")

    def execute(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command in the container of the server, as `kubectl exec` does."""
        return self._server.execute(*command)

    def process_status(self) -> dict[str, str]:
        """Returns the kernel's status of the server's process."""
        lines = Path(f"/proc/{self._server.pid()}/status").read_text().splitlines()
        return {key: value.strip() for key, value in (x.split(":", 1) for x in lines)}

    def stop(self) -> int:
        """Stops the server with SIGTERM, and returns its exit code."""
        return self._server.stop()

    def _start(self, manifest: dict) -> "Container":
        name = manifest["name"]
        bundle = self._place / name
        bundle.mkdir(parents=True)
        config = self._oci(manifest)
        (bundle / "config.json").write_text(json.dumps(config))
        log = self._place / f"{name}.log"
        return Container(
            f"{self._place.name}-{name}", bundle, log, self._place / "state"
        )

    def _oci(self, manifest: dict) -> dict:
        """Returns the configuration of a container as its runtime gets it."""
        image, network = self._cluster.image, self._cluster.network
        context = self._spec.get("securityContext", {}) | manifest.get(
            "securityContext", {}
        )
        user, _, group = image.config["User"].partition(":")
        user = context.get("runAsUser", user)
        assert not (context.get("runAsNonRoot") and int(user) == 0), "runs as root"
        dropped = context.get("capabilities", {}).get("drop", [])
        capabilities = [] if dropped == ["ALL"] else USUAL_CAPABILITIES
        command = manifest.get("command", image.config.get("Entrypoint", []))
        arguments = manifest.get("args", image.config.get("Cmd", []))
        groups = [context["fsGroup"]] if "fsGroup" in context else []
        return {
            "ociVersion": "1.0.2",
            "process": {
                "terminal": False,
                "user": {
                    "uid": int(user),
                    "gid": int(context.get("runAsGroup", group or 0)),
                    "additionalGids": groups + context.get("supplementalGroups", []),
                },
                "args": [*command, *arguments],
                "env": [f"{k}={v}" for k, v in self._environment(manifest).items()],
                "cwd": image.config.get("WorkingDir", "/"),
                "capabilities": {
                    kind: capabilities
                    for kind in ("bounding", "effective", "permitted")
                },
                "noNewPrivileges": not context.get("allowPrivilegeEscalation", True),
            },
            "root": {
                "path": str(image.root),
                "readonly": context.get("readOnlyRootFilesystem", False),
            },
            "hostname": "pod",
            "mounts": [*self._system_mounts(), *self._mounts(manifest)],
            "linux": {
                "namespaces": [
                    {"type": "pid"},
                    {"type": "mount"},
                    {"type": "ipc"},
                    {"type": "uts"},
                    {"type": "network", "path": network.path},
                ]
            },
        }

    def _environment(self, manifest: dict) -> dict[str, str]:
        environment = dict(self._cluster.image.environment)
        # https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
        if self._spec.get("enableServiceLinks", True):
            for service in self._rendered.all_of("Service"):
                prefix = service["metadata"]["name"].upper().replace("-", "_")
                port = service["spec"]["ports"][0]["port"]
                environment |= {
                    f"{prefix}_SERVICE_HOST": "10.0.0.1",
                    f"{prefix}_SERVICE_PORT": str(port),
                    f"{prefix}_PORT": f"tcp://10.0.0.1:{port}",
                }
        for each in manifest["env"]:
            if "valueFrom" in each:
                reference = each["valueFrom"]["secretKeyRef"]
                value = self._secret(reference["name"])[reference["key"]].decode()
            else:
                value = each.get("value", "")
            assert isinstance(value, str), f"Kubernetes refuses {each}"
            environment[each["name"]] = value
        return environment

    def _secret(self, name: str) -> dict[str, bytes]:
        for secret in self._rendered.all_of("Secret"):
            if secret["metadata"]["name"] == name:
                data = secret["data"].items()
                return {key: base64.b64decode(value) for key, value in data}
        given = self._cluster.secrets[name]
        return {key: value.encode() for key, value in given.items()}

    def _make_volume(self, volume: dict) -> Path:
        security = self._spec.get("securityContext", {})
        group = security.get("fsGroup")
        if "persistentVolumeClaim" in volume:
            made = self._cluster.volume(volume["persistentVolumeClaim"]["claimName"])
            policy = security.get("fsGroupChangePolicy", "Always")
            if group is not None and not (
                policy == "OnRootMismatch" and fits(made, group)
            ):
                give_to_group(made, group, writable=True)
            return made
        made = self._place / "volumes" / volume["name"]
        made.mkdir(parents=True)
        made.chmod(0o777)
        if "emptyDir" in volume:
            if group is not None:
                give_to_group(made, group, writable=True)
            return made
        if "secret" in volume:
            source, mode = volume["secret"], 0o644
            files = self._secret(source["secretName"])
        else:
            source, mode = volume["configMap"], 0o644
            maps = self._rendered.all_of("ConfigMap")
            data = next(
                x["data"] for x in maps if x["metadata"]["name"] == source["name"]
            )
            files = {key: value.encode() for key, value in data.items()}
        for key, value in files.items():
            (made / key).write_bytes(value)
            (made / key).chmod(source.get("defaultMode", mode))
        if group is not None:
            give_to_group(made, group, writable=False)
        return made

    def _mounts(self, manifest: dict) -> list[dict]:
        mounts = []
        for mount in manifest["volumeMounts"]:
            source = self._volumes[mount["name"]] / mount.get("subPath", "")
            access = "ro" if mount.get("readOnly") else "rw"
            mounts.append(bind(source, mount["mountPath"], access))
        return mounts

    def _system_mounts(self) -> list[dict]:
        hosts = self._place / "hosts"
        # Everything that the pod connects to is in its own network.
        addresses = [
            self.environment.get(name, "")
            for name in (
                "JUPYTERHUB_API_URL",
                "NBCOURIER_DATABASE",
                "NBCOURIER_S3_ENDPOINT",
            )
        ]
        names = [urllib.parse.urlsplit(address).hostname or "" for address in addresses]
        hosts.write_text(f"127.0.0.1 localhost {' '.join(names)}\n")
        return [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            memory("/dev", "mode=755"),
            memory("/dev/shm", "mode=1777"),
            bind(hosts, "/etc/hosts", "rw"),
        ]


class Container:
    """A container of crun."""

    def __init__(self, name: str, bundle: Path, log: Path, state: Path) -> None:
        self._name = name
        self._bundle = bundle
        self._crun = ["crun", f"--root={state}", "--cgroup-manager=disabled"]
        run = [*self._crun, "run", f"--bundle={bundle}", name]
        # crun refuses a machine that has both versions of cgroups, although it uses neither here. So it sees none.
        if Path("/sys/fs/cgroup/unified").exists():
            hide = 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"'
            run = ["unshare", "--mount", "sh", "-c", hide, "sh", *run]
        with log.open("w") as output:
            self.process = subprocess.Popen(
                run, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def wait(self, limit_s: float) -> int:
        """Waits for the end, and returns the exit code."""
        try:
            return self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def pid(self) -> int:
        """Returns the process ID of the program."""
        state = subprocess.run(
            [*self._crun, "state", self._name],
            capture_output=True,
            check=True,
            timeout=STOP_LIMIT_S,
        )
        return json.loads(state.stdout)["pid"]

    def execute(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command beside the program."""
        process = json.loads((self._bundle / "config.json").read_text())["process"]
        described = self._bundle / "process.json"
        described.write_text(json.dumps(process | {"args": command}))
        return subprocess.run(
            [*self._crun, "exec", f"--process={described}", self._name],
            capture_output=True,
            text=True,
            timeout=START_LIMIT_S,
        )

    def stop(self) -> int:
        """Sends SIGTERM to the program, and returns its exit code."""
        if self.process.poll() is None:
            self._signal(signal.SIGTERM)
        return self.wait(STOP_LIMIT_S)

    def kill(self) -> None:
        """Kills the program."""
        self._signal(signal.SIGKILL)
        self.process.wait(STOP_LIMIT_S)

    def _signal(self, number: signal.Signals) -> None:
        subprocess.run(
            [*self._crun, "kill", self._name, number.name], check=True, timeout=STOP_LIMIT_S
        )


# The next two functions prepare volumes as the node does (kubernetes, pkg/volume/volume_linux.go).


def fits(directory: Path, group: int) -> bool:
    """Whether the policy OnRootMismatch leaves a volume as it is."""
    found = directory.stat()
    wanted = stat.S_ISGID | 0o770
    return found.st_gid == group and found.st_mode & wanted == wanted


def give_to_group(directory: Path, group: int, *, writable: bool) -> None:
    """Gives all files to the group, and opens them to it."""
    for path in [directory, *directory.rglob("*")]:
        found = path.lstat()
        os.chown(path, -1, group, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            continue
        mask = 0o660 if writable else 0o440
        if path.is_dir():
            mask |= stat.S_ISGID | 0o110
        path.chmod(stat.S_IMODE(found.st_mode) | mask)


def bind(source: Path, target: str, access: str) -> dict:
    """Returns the mount of a file or directory."""
    return {
        "destination": target,
        "type": "bind",
        "source": str(source),
        "options": ["rbind", access, "nosuid", "nodev"],
    }


def memory(target: str, mode: str) -> dict:
    """Returns the mount of a directory in memory."""
    return {
        "destination": target,
        "type": "tmpfs",
        "source": "tmpfs",
        "options": ["nosuid", "noexec", mode],
    }
