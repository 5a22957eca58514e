"""The packages give a machine a hub: people log in and hand in, delegates add people, and nobody becomes root."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from browser import Browser, is_refused, token_in
from machine import eventually
from town import MEMBER, Town, packages

NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "a",
            "metadata": {
                "nbgrader": {
                    "grade": True,
                    "grade_id": "one",
                    "locked": False,
                    "points": 1,
                    "schema_version": 3,
                    "solution": True,
                    "task": False,
                }
            },
            "outputs": [],
            "source": "### BEGIN SOLUTION\nanswer = 42\n### END SOLUTION",
        }
    ],
    "metadata": {
        "kernelspec": {"display_name": "P", "language": "python", "name": "python3"}
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture(scope="module")
def ada(town: Town) -> Browser:
    """Ada's browser. Mum has added her."""
    return town.move_in("ada", town.add("ada"))


@pytest.fixture(scope="module")
def algebra(town: Town, ada: Browser) -> str:
    """Mum's course. She has released an assignment to Ada."""
    town.log_in("mum")
    config = town.machine.path("/home/mum/.jupyter/nbgrader_config.py")
    source = town.machine.path("/home/mum/algebra/source/ps1/ps1.ipynb")
    account = town.machine.account("mum")
    for file, text in (
        (config, 'c = get_config()\nc.CourseDirectory.root = "/home/mum/algebra"\n'
                 'c.CourseDirectory.course_id = "algebra"\n'),
        (source, json.dumps(NOTEBOOK)),
    ):  # fmt: skip
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    town.machine.do("chown", "--recursive", f"{account.pw_uid}", "/home/mum")
    town.terminal("mum", "nbcourier", "course", "create", "algebra")
    town.terminal("mum", "nbcourier", "roster", "add", "algebra", "ada")
    town.terminal("mum", "nbgrader", "generate_assignment", "ps1", "--create")
    town.terminal("mum", "nbgrader", "release_assignment", "ps1")
    return "algebra"


def test_a_new_person_logs_in_by_https_fetches_and_submits(
    town: Town, ada: Browser, algebra: str
) -> None:
    listed = ada.ask("ada", f"assignments?course_id={algebra}")
    assert [each["assignment_id"] for each in listed["value"]] == ["ps1"]
    form = {"course_id": algebra, "assignment_id": "ps1"}
    assert ada.ask("ada", "assignments/fetch", form)["success"]
    assert town.machine.path("/home/ada/ps1/ps1.ipynb").exists()
    assert ada.ask("ada", "assignments/submit", form)["success"]
    got = town.terminal("mum", "nbcourier", "submissions", "algebra", "ps1")
    assert "ada" in got


def test_the_first_password_stops_being_valid(town: Town) -> None:
    first = town.add("cleo")
    town.move_in("cleo", first)
    assert is_refused(Browser(town.machine).log_in("cleo", first))


def test_the_page_for_a_new_password_says_what_is_wrong(town: Town) -> None:
    first = town.add("dora")
    browser = Browser(town.machine)
    browser.log_in("dora", first)
    page = browser.start_server("dora")
    for form, reason in (
        ({"first": first, "new": "a1-b2-c3-d4", "again": "other"}, "passwords differ"),
        ({"first": first, "new": first, "again": first}, "is the first one"),
        ({"first": first, "new": "abc", "again": "abc"}, "choose a longer password"),
        ({"first": "no", "new": "a1-b2-c3-d4", "again": "a1-b2-c3-d4"}, "assword"),
        ({"first": "a\nb", "new": "a1\nb", "again": "a1\nb"}, "control characters"),
    ):
        got = browser.open("/user/dora/", form | {"_xsrf": token_in(page)})
        assert got.status == 400, form
        assert reason in got.text
        assert first not in got.text
    assert browser.open("/user/dora/", {"new": "a"}).status == 403
    # Another person is not let in, not even the administrator of the hub.
    other = town.log_in("mum").open("/user/dora/")
    assert "password of your own" not in other.text


def test_no_process_of_the_hub_is_roots(town: Town, ada: Browser) -> None:
    owners: dict[str, set[int]] = {}
    parts = (
        "jupyterhub.app",
        "configurable-http-proxy",
        "nbcourier serve",
        "singleuser",
    )
    for uid, words in town.machine.processes():
        assert uid != 0 or "init.py" in words, words
        for part in parts:
            if part in words:
                owners.setdefault(part, set()).add(uid)
    assert set(owners) == set(parts)
    hub = town.machine.account("jupyterhub-hub").pw_uid
    assert owners["jupyterhub.app"] == owners["configurable-http-proxy"] == {hub}
    exchange = town.machine.account("nbcourier").pw_uid
    assert owners["nbcourier serve"] == {exchange}
    assert town.machine.account("ada").pw_uid in owners["singleuser"]
    assert owners["singleuser"].isdisjoint({hub, exchange, 0})


def test_somebody_who_is_not_in_the_group_is_not_let_in(town: Town) -> None:
    for name in ("eve", "boss"):
        assert is_refused(Browser(town.machine).log_in(name, town.passwords[name]))


def test_wrong_passwords_are_refused(town: Town) -> None:
    for name, password in (("mum", "wrong"), ("root", ""), ("nobody", ""), ("-x", "a")):
        assert is_refused(Browser(town.machine).log_in(name, password))


@pytest.mark.parametrize(
    "words",
    [
        ["-u", "eve", "/opt/nbcourier-hub/bin/sudospawner"],
        ["-u", "boss", "/opt/nbcourier-hub/bin/sudospawner"],
        ["-u", "root", "/opt/nbcourier-hub/bin/sudospawner"],
        ["/opt/nbcourier-hub/bin/sudospawner"],
        ["-u", "mum", "/opt/nbcourier-hub/bin/sudospawner", "--log-file-prefix=/tmp/x"],
        ["-u", "mum", "-g", "shadow", "/opt/nbcourier-hub/bin/sudospawner"],
        ["-u", "mum", "/opt/nbcourier-hub/bin/python3"],
        ["-u", "mum", "/bin/sh"],
        ["-u", "mum", "PYTHONPATH=/tmp", "/opt/nbcourier-hub/bin/sudospawner"],
        [MEMBER, "list"],
    ],
)
def test_the_hubs_account_may_start_servers_of_members_only(
    town: Town, words: list[str]
) -> None:
    done = town.machine.run("sudo", "-n", *words, user="jupyterhub-hub", given="{}")
    assert done.returncode == 1
    assert re.search("password is required|not allowed", done.stderr), done.stderr


def test_a_member_who_may_use_sudo_has_no_server(town: Town) -> None:
    town.machine.do("gpasswd", "--add", "boss", "jupyterhub")
    done = town.machine.run(
        *("sudo", "-n", "-u", "boss", "/opt/nbcourier-hub/bin/sudospawner"),
        user="jupyterhub-hub",
    )
    assert "password is required" in done.stderr
    town.machine.do("gpasswd", "--delete", "boss", "jupyterhub")


ATTEMPTS = [
    ["sh"],
    ["-u", "ada", "sh"],
    ["/usr/bin/python3", MEMBER, "list"],
    ["-E", MEMBER, "list"],
    ["PYTHONPATH=/tmp", MEMBER, "list"],
    ["PATH=/tmp", MEMBER, "list"],
    ["--preserve-env=PATH", MEMBER, "list"],
    ["/usr/sbin/nbcourier-hub-open", "--to", "lan"],
    ["/usr/sbin/../sbin/../../bin/sh"],
    *(
        [MEMBER, *words]
        for words in (
            ["add", "x; id"],
            ["add", "$(id)"],
            ["add", "x\nroot"],
            ["add", "root"],
            ["add", "../etc"],
            ["add", "--", "x"],
            ["add", "-o"],
            ["add", "--help"],
            ["add", "x", "y"],
            ["add", ""],
            ["add", "ädä"],
            ["add", "Ada"],
            ["add", "a" * 33],
            ["add", "a" * 100_000],
            ["add", "x:0:0"],
            ["add", "boss"],
            ["add", "sudo"],
            ["add", "docker"],
            ["add", "admin"],
            ["add", "postgres"],
            ["add", "daemon"],
            ["add", "nobody"],
            ["add", "nbcourier"],
            ["add", "jupyterhub-hub"],
            ["remove", "boss"],
            ["remove", "root"],
            ["remove", "nobody-knows"],
            ["remove", "-x"],
            ["passwd", "root"],
            ["--", "add", "x"],
            ["list", "x"],
            [],
        )
    ),
]


@pytest.mark.parametrize("words", ATTEMPTS, ids=lambda words: " ".join(words)[-40:])
def test_a_delegate_cannot_become_root(town: Town, words: list[str]) -> None:
    files = ("passwd", "shadow", "group", "gshadow")
    before = [town.machine.path(f"/etc/{name}").read_bytes() for name in files]
    done = town.machine.run("sudo", "-n", *words, user="mum")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert done.stderr
    after = [town.machine.path(f"/etc/{name}").read_bytes() for name in files]
    assert after == before


def test_a_person_who_is_no_delegate_adds_nobody(town: Town, ada: Browser) -> None:
    done = town.machine.run("sudo", "-n", MEMBER, "add", "finn", user="ada")
    assert done.returncode == 1
    done = town.machine.run(MEMBER, "add", "finn", user="ada")
    assert "Only root changes accounts" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "carl ALL=(ALL) NOPASSWD: ALL",
        "carl ALL=(root) /usr/bin/apt",
        "%carl ALL=(root) NOPASSWD: /usr/bin/rsync",
        "carl ALL=(eve) NOPASSWD: /bin/sh",
    ],
)
def test_a_new_account_that_some_rule_of_sudo_names_is_not_made(
    town: Town, text: str
) -> None:
    rule = town.machine.path("/etc/sudoers.d/local")
    rule.write_text(f"{text}\n")
    rule.chmod(0o440)
    done = town.machine.run("sudo", "-n", MEMBER, "add", "carl", user="mum")
    assert "has rights of sudo" in done.stderr
    assert "carl" not in town.machine.path("/etc/passwd").read_text()
    assert not town.machine.path("/home/carl").exists()
    rule.unlink()


def test_people_who_are_added_at_the_same_time_are_all_members(town: Town) -> None:
    names = [f"pupil{number}" for number in range(8)]
    with ThreadPoolExecutor(len(names)) as threads:
        passwords = list(threads.map(town.add, names))
    assert len(set(passwords)) == len(names)
    listed = town.machine.do(MEMBER, "list").split()
    assert set(names) <= set(listed)


def test_a_delegate_can_be_removed_and_added_again(town: Town) -> None:
    machine = town.machine
    machine.do("useradd", "--create-home", "dad")
    machine.do("gpasswd", "--add", "dad", "jupyterhub_adm")
    for verb in ("add", "remove", "add"):
        machine.do("sudo", "-n", MEMBER, verb, "dad", user="mum")
    assert "dad" in machine.do(MEMBER, "list").split()


def test_a_first_password_that_got_lost_is_replaced(town: Town) -> None:
    lost = town.machine.run(
        *("sh", "-c", f"sudo -n {MEMBER} add hal >/dev/full"), user="mum"
    )
    assert lost.returncode == 1
    assert "Run the command again" in lost.stderr
    assert "Traceback" not in lost.stderr
    first, second = town.add("hal"), town.add("hal")
    assert is_refused(Browser(town.machine).log_in("hal", first))
    town.move_in("hal", second)
    done = town.machine.run("sudo", "-n", MEMBER, "add", "hal", user="mum")
    assert "hal is a member already" in done.stderr


def test_a_person_who_is_removed_is_out(town: Town) -> None:
    browser = town.move_in("gus", town.add("gus"))
    assert "gus" in town.machine.do("sudo", "-n", MEMBER, "list", user="mum")
    said = town.machine.do("sudo", "-n", MEMBER, "remove", "gus", user="mum")
    assert "/home/gus" in said
    eventually(lambda: not town.servers("gus"), what="the server goes on")
    assert "gus" not in town.machine.do(MEMBER, "list")
    assert is_refused(Browser(town.machine).log_in("gus", town.passwords["gus"]))
    assert town.machine.path("/home/gus").is_dir()
    del browser


def test_an_upgrade_keeps_certificate_data_and_running_servers(
    town: Town, ada: Browser, algebra: str
) -> None:
    machine = town.machine
    kept = ("tls/cert.pem", "tls/key.pem", "token", "addresses", "jupyterhub_config.py")
    paths = [machine.path(f"/etc/nbcourier-hub/{name}") for name in kept]
    own = paths[-1].read_text() + '\nc.JupyterHub.template_vars = {"own": "yes"}\n'
    paths[-1].write_text(own)
    before = [path.read_bytes() for path in paths]
    (server,) = town.servers("ada")
    newer = newer_packages(town)
    # systemd restarts the units while the package is configured.
    town.stop()
    said = machine.install(*newer)
    assert "Setting up nbcourier-hub (99:" in said
    town.start()
    assert [path.read_bytes() for path in paths] == before
    assert town.servers("ada") == [server]
    eventually(lambda: "jupyter-config-data" in ada.open("/user/ada/lab").text)
    listed = ada.ask("ada", f"assignments?course_id={algebra}")
    assert listed["value"]


def newer_packages(town: Town) -> list[str]:
    """Packs both packages again, as a later version, and returns their paths there."""
    machine = town.machine
    made = []
    for index, deb in enumerate(packages(machine)):
        place = f"/tmp/newer{index}"
        machine.do("dpkg-deb", "--raw-extract", deb, place)
        control = machine.path(f"{place}/DEBIAN/control")
        text = re.sub(r"^Version: ", "Version: 99:", control.read_text(), flags=re.M)
        control.write_text(re.sub(r"nbcourier \(= ", "nbcourier (= 99:", text))
        machine.do("dpkg-deb", "-Znone", "--build", place, f"{place}.deb")
        made.append(f"{place}.deb")
    return made


def test_purge_says_where_the_data_is_and_an_installation_brings_it_back(
    town: Town, algebra: str
) -> None:
    machine = town.machine
    town.stop()
    said = machine.do(
        *("apt-get", "purge", "--yes", "nbcourier-hub", "nbcourier"),
        variables={"DEBIAN_FRONTEND": "noninteractive"},
    )
    assert "data stay in /var/lib/nbcourier" in said
    assert "home directories" in said
    gone = ("/etc/nbcourier-hub", "/etc/nbcourier", "/var/lib/nbcourier-hub",
            "/opt/nbcourier-hub", "/usr/share/nbcourier-hub",
            "/etc/sudoers.d/nbcourier-hub", "/etc/pam.d/nbcourier-hub")  # fmt: skip
    assert [path for path in gone if machine.path(path).exists()] == []
    assert machine.path("/home/ada/ps1/ps1.ipynb").exists()
    for server in town.servers("ada"):
        machine.do("kill", server.name)
    machine.install(*packages(machine))
    town.start()
    ada = town.log_in("ada")
    listed = ada.ask("ada", f"assignments?course_id={algebra}")
    assert [each["status"] for each in listed["value"]] == ["submitted"]


def test_idle_servers_are_stopped_as_the_page_describes(town: Town) -> None:
    page = (Path(__file__).parents[2] / "docs" / "debian.md").read_text()
    (lines,) = (
        each
        for each in re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        if "idle-culler" in each
    )
    assert "--timeout=3600" in lines
    config = town.machine.path("/etc/nbcourier-hub/jupyterhub_config.py")
    config.write_text(f"{config.read_text()}\n{lines.replace('=3600', '=2')}")
    assert town.servers("ada")
    town.stop()
    town.start()
    eventually(
        lambda: not town.servers("ada"), 120, "the server that nobody uses goes on"
    )
