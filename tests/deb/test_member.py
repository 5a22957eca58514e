"""nbcourier-hub-member refuses every name that is not that of a person, before it looks at accounts."""

import contextlib
import grp
import importlib.machinery
import importlib.util
import pwd
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

HUB = Path(__file__).parents[2] / "deploy" / "debian" / "hub"
PROGRAM = HUB / "nbcourier-hub-member"


@pytest.fixture
def member(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program as a module. It runs no command of the system, and knows no accounts."""
    loader = importlib.machinery.SourceFileLoader("member", str(PROGRAM))
    spec = importlib.util.spec_from_loader("member", loader)
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(made)

    def refuse(*command: str, **_more: object) -> None:
        raise AssertionError(f"{command} ran")

    monkeypatch.setattr(made, "run", refuse)
    monkeypatch.setattr(made, "require_root", lambda: None)
    monkeypatch.setattr(made, "members", lambda: ["ada"])
    monkeypatch.setattr(made, "alone", contextlib.nullcontext)
    monkeypatch.setattr(made, "has_first_password", lambda _name: False)
    return made


def account(name: str, uid: int, gid: int = 1000) -> pwd.struct_passwd:
    """Returns an account."""
    home = f"/home/{name}"
    return pwd.struct_passwd([name, "x", uid, gid, "", home, "/bin/sh"])


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "x; id", "$(id)", "`id`", "a b", "a\n", "\na", "a\0b", "../etc", "/etc"),
        *("-x", "--help", "-", "_x", "1a", "Ada", "ädä", "аda", "a.b", "a:b", "a,b", "a\u200b"),
        *("a" * 33, "a" * 10_000_000, "\udcff", "a%n", "a'b", 'a"b', "a\\b", "#0", "+a"),
    ],
)  # fmt: skip
def test_strange_names_are_refused(member: ModuleType, name: str) -> None:
    for verb in ("add", "remove"):
        with pytest.raises(member.Refused) as caught:
            member.checked(name)
        assert len(str(caught.value)) < 400
        assert str(caught.value).isascii()
        assert member.main([verb, name]) == 1


@pytest.mark.parametrize(
    "words",
    [[], ["add"], ["remove"], ["add", "x", "y"], ["add", "--", "x"], ["list", "x"], ["Add", "x"], ["-h"], ["--version"]],
)  # fmt: skip
def test_other_commands_are_refused(member: ModuleType, words: list[str]) -> None:
    assert member.main(words) == 2


@pytest.mark.parametrize(
    "name",
    [
        *("root", "admin", "administrator", "sudo", "wheel", "docker", "lxd", "postgres", "mysql", "redis", "git"),
        *("www-data", "systemd-network", "jupyterhub", "jupyterhub-hub", "nbcourier", "nobody", "operator", "toor"),
    ],
)  # fmt: skip
def test_names_that_programs_use_make_no_account(
    member: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(member, "account_of", lambda _name: None)
    with pytest.raises(member.Refused, match="reserved"):
        member.add(name)


def test_the_name_of_a_group_makes_no_account(
    member: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member, "account_of", lambda _name: None)
    with pytest.raises(member.Refused, match="A group has the name"):
        member.add("tty")


@pytest.mark.parametrize("uid", [0, 1, 33, 999, 60000, 65534, 2**32 - 2])
def test_accounts_of_the_system_are_refused(
    member: ModuleType, monkeypatch: pytest.MonkeyPatch, uid: int
) -> None:
    monkeypatch.setattr(member, "account_of", lambda name: account(name, uid))
    with pytest.raises(member.Refused, match="account of the system"):
        member.add("bob")


@pytest.mark.parametrize(
    "group", ["root", "sudo", "adm", "docker", "shadow", "disk", "staff", "lpadmin"]
)
@pytest.mark.parametrize("is_primary", [True, False])
def test_members_of_powerful_groups_are_refused(
    member: ModuleType, monkeypatch: pytest.MonkeyPatch, group: str, is_primary: bool
) -> None:
    gid = 27 if is_primary else 1001
    monkeypatch.setattr(member, "account_of", lambda name: account(name, 1001, gid))
    monkeypatch.setattr(member.os, "getgrouplist", lambda _name, own: [own, 27])
    monkeypatch.setattr(
        member.grp, "getgrgid", lambda gid: grp.struct_group([group, "x", gid, []])
    )
    monkeypatch.setattr(member, "has_rights_of_sudo", lambda _name: False)
    with pytest.raises(member.Refused, match=f"rights of the group {group}"):
        member.add("bob")


def test_a_powerful_group_may_have_any_number(
    member: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member, "account_of", lambda name: account(name, 1001, 1001))
    monkeypatch.setattr(member.os, "getgrouplist", lambda _name, own: [own, 2000])
    names = {1001: "bob", 2000: "docker"}
    monkeypatch.setattr(
        member.grp,
        "getgrgid",
        lambda gid: grp.struct_group([names[gid], "x", gid, []]),
    )
    with pytest.raises(member.Refused, match="rights of the group docker"):
        member.add("bob")


def test_people_who_may_use_sudo_are_refused(
    member: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member, "account_of", lambda name: account(name, 1001))
    monkeypatch.setattr(member.os, "getgrouplist", lambda _name, _own: [1001])
    monkeypatch.setattr(member, "has_rights_of_sudo", lambda _name: True)
    with pytest.raises(member.Refused, match="rights of sudo"):
        member.add("bob")


def test_people_who_were_never_members_are_not_removed(member: ModuleType) -> None:
    for name in ("bob", "root", "nobody"):
        with pytest.raises(member.Refused, match="is not a member"):
            member.remove(name)


def test_an_account_with_power_is_taken_back_at_once(
    member: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = []
    made = iter([None, account("carl", 1002)])
    monkeypatch.setattr(member, "run", lambda *command, **_more: ran.append(command))
    monkeypatch.setattr(member, "account_of", lambda _name: next(made))
    monkeypatch.setattr(member.os, "getgrouplist", lambda _name, _own: [1002])
    monkeypatch.setattr(member, "has_rights_of_sudo", lambda _name: True)
    with pytest.raises(member.Refused, match="rights of sudo"):
        member.add("carl")
    assert [command[0] for command in ran] == ["useradd", "userdel"]


def test_a_member_who_has_chosen_a_password_keeps_it(
    member: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member, "account_of", lambda name: account(name, 1001))
    with pytest.raises(member.Refused, match="ada is a member already"):
        member.add("ada")


def test_a_change_of_accounts_is_not_interrupted_and_waits_for_others(
    tmp_path: Path,
) -> None:
    script = """
import fcntl, importlib.machinery, importlib.util, os, signal, sys
loader = importlib.machinery.SourceFileLoader("member", sys.argv[1])
member = importlib.util.module_from_spec(importlib.util.spec_from_loader("member", loader))
sys.dont_write_bytecode = True
loader.exec_module(member)
member.LOCK = sys.argv[2]
with member.alone():
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)
    other = os.open(member.LOCK, os.O_RDWR)
    try:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("alone", signal.SIGTERM in signal.sigpending(), signal.SIGINT in signal.sigpending())
fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, PROGRAM, tmp_path / "lock"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (0, "alone True True\n"), done.stderr


def test_the_environment_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "re.py").write_text("raise SystemExit(77)\n")
    variables = {
        "PYTHONPATH": str(tmp_path),
        "PYTHONSTARTUP": str(tmp_path / "re.py"),
        "PYTHONINSPECT": "1",
        "PATH": str(tmp_path),
    }
    head = PROGRAM.read_text().splitlines()[0]
    assert head == "#!/usr/bin/python3 -IS"
    done = subprocess.run(
        [sys.executable, "-IS", PROGRAM, "add", "x; id"],
        env=variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 1
    assert "no name for an account" in done.stderr or "Only root" in done.stderr
