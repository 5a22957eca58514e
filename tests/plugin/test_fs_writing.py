"""The directories of the exchange as a file system: each call makes one version."""

import os

import pytest
from course import PluginPerson
from file_system import WEATHER, NbCourierFileSystem, below, opened, version
from front import Front

MEGABYTE = 1_000_000


def test_a_pinned_version_is_read_and_never_written(fs: NbCourierFileSystem, data: str) -> None:
    pinned = version(fs, data)
    fs.pipe(f"{data}/weather.csv", b"other")
    fs.rm(f"{data}/unit1", recursive=True)
    at = f"{data}@{pinned}"
    # The version is behind the path or behind the directory.
    assert fs.cat(f"{data}/weather.csv@{pinned}") == WEATHER == fs.cat(f"{at}/weather.csv")
    assert fs.find(at) == [f"{at}/unit1/a/b.txt", f"{at}/weather.csv"]
    assert fs.info(at)["version"] == pinned
    assert fs.modified(f"{at}/weather.csv") < fs.modified(f"{data}/weather.csv")
    for change in (
        lambda: fs.pipe(f"{data}/x@{pinned}", b""),
        lambda: fs.open(f"{at}/x", "wb"),
        lambda: fs.rm(f"{at}/weather.csv"),
        lambda: fs.mv(f"{at}/weather.csv", f"{data}/x"),
        lambda: fs.mkdir(f"{at}/x"),
        lambda: fs.rm(at, recursive=True),
    ):
        with pytest.raises(PermissionError, match="never change"):
            change()
    fs.copy(f"{at}/unit1", f"{data}/unit1", recursive=True)
    assert below(fs, data) == ["unit1/a/b.txt", "weather.csv"]
    with pytest.raises(FileNotFoundError, match="Version not found"):
        fs.ls(f"{data}@999")


def test_many_files_make_one_version(fs: NbCourierFileSystem, data: str, ada: PluginPerson) -> None:
    before = version(fs, data)
    fs.pipe({f"{data}/many/{n}": os.urandom(10_000) for n in range(30)})
    assert version(fs, data) == before + 1
    fs.get(f"{data}/many", str(ada.home / "many"), recursive=True)
    assert len(list((ada.home / "many").iterdir())) == 30
    fs.put(str(ada.home / "many"), f"{data}/again", recursive=True)
    assert version(fs, data) == before + 2
    fs.copy(f"{data}/again", f"{data}/copy", recursive=True)
    assert version(fs, data) == before + 3
    fs.mv(f"{data}/copy", f"{data}/moved")
    assert version(fs, data) == before + 4
    assert fs.cat(f"{data}/moved/7") == fs.cat(f"{data}/many/7")
    fs.rm([f"{data}/moved", f"{data}/again"], recursive=True)
    assert version(fs, data) == before + 5
    assert len(fs.find(data)) == 32


def test_bytes_that_the_exchange_has_are_not_sent(
    ada: PluginPerson, data: str, front: Front
) -> None:
    fs = opened(ada, front.url)
    content = os.urandom(MEGABYTE)
    fs.pipe(f"{data}/one", content)
    front.asked.clear()
    fs.pipe(f"{data}/two", content)
    fs.cp_file(f"{data}/one", f"{data}/three")
    fs.mkdir(f"{data} copy")
    fs.cp_file(f"{data}/one", f"{data} copy/four")
    assert sum(each.sent + each.received for each in front.asked) < 20_000
    assert fs.cat(f"{data} copy/four") == content


def test_files_are_written_appended_to_and_created(fs: NbCourierFileSystem, data: str) -> None:
    name = f"{data}/log.txt"
    with fs.open(name, "w") as file:
        file.write("one\n")
    before = version(fs, data)
    with fs.open(name, "ab") as file:
        assert file.tell() == 4
        file.write(b"two\n")
    assert fs.cat(name) == b"one\ntwo\n"
    assert version(fs, data) == before + 1
    with pytest.raises(FileExistsError):
        fs.open(name, "xb")
    with fs.open(f"{data}/new", "xb") as file:
        file.write(b"new")
        fs.pipe(f"{data}/other", b"meanwhile")
    contested = fs.open(f"{data}/contested", "xb")
    contested.write(b"mine")
    fs.pipe(f"{data}/contested", b"theirs")
    with pytest.raises(FileExistsError, match="changed meanwhile"):
        contested.close()
    assert fs.cat(f"{data}/contested") == b"theirs"
    with pytest.raises(ValueError, match="not supported"):
        fs.open(name, "r+b")
    fs.touch(f"{data}/empty")
    assert fs.size(f"{data}/empty") == 0


def test_a_program_that_fails_leaves_the_file_as_it_was(fs: NbCourierFileSystem, data: str) -> None:
    before = version(fs, data)
    with pytest.raises(ZeroDivisionError), fs.open(f"{data}/weather.csv", "wb") as file:
        file.write(b"half")
        file.write(b"%d" % (1 // 0))
    with pytest.raises(FileNotFoundError):
        fs.rm([f"{data}/weather.csv", f"{data}/nothing"])
    assert version(fs, data) == before
    assert fs.cat(f"{data}/weather.csv") == WEATHER


def test_a_transaction_sends_its_files_at_its_end(fs: NbCourierFileSystem, data: str) -> None:
    with fs.transaction:
        with fs.open(f"{data}/late", "wb") as file:
            file.write(b"late")
        assert not fs.exists(f"{data}/late")
    assert fs.cat(f"{data}/late") == b"late"


def test_folders_and_directories_are_made_and_removed(
    fs: NbCourierFileSystem, data: str, ada: PluginPerson
) -> None:
    fs.mkdir(f"{data}/empty")
    assert fs.ls(f"{data}/empty") == []
    with pytest.raises(FileExistsError):
        fs.mkdir(f"{data}/empty")
    with pytest.raises(FileExistsError):
        fs.makedirs(f"{data}/weather.csv", exist_ok=True)
    with pytest.raises(FileNotFoundError):
        fs.mkdir(f"{data}/x/y", create_parents=False)
    fs.makedirs(f"{data}/x/y", exist_ok=True)
    fs.rmdir(f"{data}/x/y")
    with pytest.raises(OSError, match="has entries"):
        fs.rmdir(f"{data}/unit1")
    with pytest.raises(NotADirectoryError):
        fs.rmdir(f"{data}/weather.csv")
    new = f"{data} new"
    fs.mkdir(new)
    with pytest.raises(IsADirectoryError):
        fs.rm(new)
    fs.rmdir(new)
    assert not fs.exists(new)
    fs.rm(data, recursive=True)
    deleted = ada.get("v1/trash/directories")["directories"]
    assert data.partition("/")[2] in [each["name"] for each in deleted]


def test_a_move_replaces_a_file_and_goes_into_a_folder(fs: NbCourierFileSystem, data: str) -> None:
    fs.pipe({f"{data}/one": b"1", f"{data}/two": b"2"})
    fs.mv(f"{data}/one", f"{data}/two")
    assert fs.cat(f"{data}/two") == b"1" and not fs.exists(f"{data}/one")
    fs.mv(f"{data}/two", f"{data}/unit1")
    fs.mv(f"{data}/unit1/a", f"{data}/new/")
    assert below(fs, data) == ["new/a/b.txt", "unit1/two", "weather.csv"]
    fs.mkdir(f"{data} other")
    fs.mv(f"{data}/new", f"{data} other/new", recursive=True)
    assert below(fs, data) == ["unit1/two", "weather.csv"]
    assert below(fs, f"{data} other") == ["new/a/b.txt"]
