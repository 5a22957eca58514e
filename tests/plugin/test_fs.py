"""The directories of the exchange as a file system, read and written by name."""

import hashlib
import os
from itertools import count

import pytest
from course import Course, PluginPerson
from file_system import NbCourierFileSystem, install, opened, run
from front import Front, answer, cut, from_exchange, without_v1

MEGABYTE = 1_000_000
WEATHER = b"day,rain\n1,2.5\n2,0.0\n"
_numbers = count(1)


@pytest.fixture
def ada(course: Course) -> PluginPerson:
    """A person."""
    return course.first


@pytest.fixture
def bob(course: Course) -> PluginPerson:
    """Another person."""
    return course.second


@pytest.fixture
def fs(ada: PluginPerson) -> NbCourierFileSystem:
    """The file system of Ada."""
    return opened(ada)


@pytest.fixture
def data(ada: PluginPerson) -> str:
    """A directory of Ada with a few files."""
    name = f"data {next(_numbers)}"
    ada.post_json("v1/directories", {"name": name})
    here = f"{ada.name}/{name}"
    opened(ada).pipe({f"{here}/weather.csv": WEATHER, f"{here}/unit1/a/b.txt": b"b"})
    return here


def version(fs: NbCourierFileSystem, data: str) -> int:
    """Returns the current version of a directory."""
    return fs.info(data)["version"]


def below(fs: NbCourierFileSystem, data: str) -> list[str]:
    """Returns the paths of all files in a directory."""
    return [each.removeprefix(f"{data}/") for each in fs.find(data)]


def test_pandas_reads_and_writes_tables_by_name(
    course: Course, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ira = course.instructor
    install(ira, tmp_path_factory.mktemp("site"))
    ira.post_json("v1/directories", {"owner": f"course:{course.name}", "name": "data"})
    program = f"""
import pandas
name = "nbcourier://{course.name}:data/weather.csv"
pandas.DataFrame({{"rain": [2.5, 0.5]}}).to_csv(name, index=False)
print(pandas.read_csv(name).rain.sum())
pandas.DataFrame({{"rain": [7.0]}}).to_csv(name, index=False)
print(pandas.read_csv(name).rain.sum(), pandas.read_csv(name + "@2").rain.sum())
"""
    assert run(ira, program).split() == ["3.0", "7.0", "3.0"]


def test_a_cache_of_files_sees_a_new_version(
    ada: PluginPerson, data: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    install(ada, tmp_path_factory.mktemp("site"))
    program = f"""
import fsspec
options = {{"filecache": {{"check_files": True, "cache_storage": "cache"}}}}
def read():
    with fsspec.open("filecache::nbcourier://{data}/weather.csv", **options) as file:
        return len(file.read())
fs = fsspec.filesystem("nbcourier")
print(read(), read())
fs.pipe("{data}/other", b"the weather stays")
print(read())
fs.pipe("{data}/weather.csv", b"four")
print(read())
"""
    assert run(ada, program).split() == ["21", "21", "21", "4"]
    # The second reading and the third are those of the cache.
    assert len(list((ada.home / "cache").iterdir())) >= 2


def test_the_file_system_needs_no_nbgrader(
    ada: PluginPerson, tmp_path_factory: pytest.TempPathFactory
) -> None:
    install(ada, tmp_path_factory.mktemp("site"))
    program = "import sys, nbcourier.fs; print(*{each.split('.')[0] for each in sys.modules})"
    imported = run(ada, program).split()
    assert "requests" in imported
    assert not {"nbgrader", "traitlets", "pandas"} & set(imported)


def test_a_piece_of_a_large_file_is_all_that_is_sent(
    fs: NbCourierFileSystem, ada: PluginPerson, data: str, front: Front
) -> None:
    content = os.urandom(MEGABYTE) * 200
    with fs.open(f"{data}/large", "wb") as file:
        for start in range(0, len(content), MEGABYTE):
            file.write(content[start : start + MEGABYTE])
    through = opened(ada, front.url)
    assert through.cat_file(f"{data}/large", 150 * MEGABYTE, 151 * MEGABYTE) == content[:MEGABYTE]
    (asked,) = front.asked
    assert asked.received == MEGABYTE
    with through.open(f"{data}/large") as file:
        file.seek(-10, 2)
        assert file.read() == content[-10:]
        file.seek(77 * MEGABYTE + 5)
        assert file.read(1000) == content[5:1005]
    assert sum(each.received for each in front.asked) < 4 * MEGABYTE
    assert through.cat_file(f"{data}/large", -5) == content[-5:]
    assert through.cat_file(f"{data}/large", 3, -199_999_990) == content[3:10]
    assert through.cat_file(f"{data}/large", 300 * MEGABYTE, 301 * MEGABYTE) == b""


def test_an_open_file_stays_as_it_was(fs: NbCourierFileSystem, data: str) -> None:
    fs.pipe(f"{data}/long", b"1" * 30_000)
    with fs.open(f"{data}/long", block_size=10, cache_type="none") as file:
        assert file.read(10) == b"1" * 10
        fs.pipe(f"{data}/long", b"2" * 30_000)
        assert file.read(10) == b"1" * 10
    assert fs.cat(f"{data}/long")[:1] == b"2"


def test_a_whole_listing_is_one_request(ada: PluginPerson, data: str, front: Front) -> None:
    fs = opened(ada, front.url)
    fs.pipe({f"{data}/{folder}/{n}.csv": b"" for folder in "xyz" for n in range(20)})
    front.asked.clear()
    assert len(fs.find(data)) == 62
    assert len(fs.glob(f"{data}/**/7.csv")) == 3
    assert [len(files) for _, _, files in fs.walk(data)] == [1, 0, 1, 20, 20, 20]
    assert len(front.asked) == 3
    assert fs.glob(f"{data}/*.csv") == [f"{data}/weather.csv"]


def test_listings_have_the_entries_of_each_level(
    fs: NbCourierFileSystem, data: str, ada: PluginPerson
) -> None:
    assert ada.name in fs.ls("", detail=False)
    assert data in fs.ls(ada.name, detail=False)
    assert fs.ls(data, detail=False) == [f"{data}/unit1", f"{data}/weather.csv"]
    # A bare name is that of one of one's own directories.
    assert fs.ls(data.partition("/")[2], detail=False) == fs.ls(data, detail=False)
    found = fs.info(f"nbcourier://{data}/weather.csv")
    assert found["sha256"] == hashlib.sha256(WEATHER).hexdigest() == fs.checksum(found["name"])
    assert (found["size"], found["type"], found["executable"]) == (21, "file", False)
    assert fs.find(data, maxdepth=2) == [f"{data}/weather.csv"]
    assert fs.find(data, withdirs=True) == [
        data,
        f"{data}/unit1",
        f"{data}/unit1/a",
        f"{data}/unit1/a/b.txt",
        f"{data}/weather.csv",
    ]
    assert fs.isdir(f"{data}/unit1") and fs.isfile(f"{data}/weather.csv")
    assert not fs.exists(f"{data}/nothing") and fs.find(f"{data}/nothing") == []
    assert fs.created(data) <= fs.modified(data) == fs.modified(f"{data}/unit1")


def test_walks_can_skip_folders_and_begin_at_the_bottom(fs: NbCourierFileSystem, data: str) -> None:
    for _, folders, _ in fs.walk(data):
        assert folders == ["unit1"]
        folders.clear()
    from_below = [folder for folder, _, _ in fs.walk(data, topdown=False)]
    assert from_below == [f"{data}/unit1/a", f"{data}/unit1", data]
    assert [folder for folder, _, _ in fs.walk(data, maxdepth=2)] == [data, f"{data}/unit1"]
    with pytest.raises(FileNotFoundError):
        list(fs.walk(f"{data}/nothing", on_error="raise"))


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


def test_refusals_are_the_errors_of_a_file_system(fs: NbCourierFileSystem, data: str) -> None:
    for kind, change in (
        (FileNotFoundError, lambda: fs.cat(f"{data}/nothing")),
        (FileNotFoundError, lambda: fs.mv(f"{data}/nothing", f"{data}/x")),
        (FileNotFoundError, lambda: fs.open("nobody/nothing/x")),
        (IsADirectoryError, lambda: fs.open(f"{data}/unit1")),
        (IsADirectoryError, lambda: fs.pipe(f"{data}/unit1", b"")),
        (IsADirectoryError, lambda: fs.pipe(data, b"")),
        (IsADirectoryError, lambda: fs.rm(f"{data}/unit1")),
        (FileExistsError, lambda: fs.pipe(f"{data}/weather.csv/x", b"")),
        (OSError, lambda: fs.mv(f"{data}/unit1", f"{data}/unit1/a/c")),
    ):
        with pytest.raises(kind):
            change()
    with pytest.raises(OSError, match="moved or copied into itself"):
        fs.mv(f"{data}/unit1", f"{data}/unit1/a/c")


def test_directories_of_others_are_not_there_until_they_are_granted(
    fs: NbCourierFileSystem, data: str, ada: PluginPerson, bob: PluginPerson
) -> None:
    others = opened(bob)
    for attempt in (
        lambda: others.cat(f"{data}/weather.csv"),
        lambda: others.ls(data),
        lambda: others.pipe(f"{data}/x", b""),
        lambda: others.rm(data, recursive=True),
    ):
        with pytest.raises(FileNotFoundError, match="Directory not found"):
            attempt()
    assert not others.exists(data) and data not in others.find("", withdirs=True)
    grants = {"grants": [{"kind": "user", "name": bob.name, "level": "read"}]}
    ada.put_json(f"v1/directories/{data}/grants", grants)
    assert others.cat(f"{data}/weather.csv") == WEATHER
    assert data in others.ls(ada.name, detail=False)
    with pytest.raises(PermissionError):
        others.pipe(f"{data}/x", b"")
    with pytest.raises(PermissionError):
        others.mkdir(f"{ada.name}/mine")


HOSTILE = (
    "report@3",
    "a@",
    "@3",
    "ünïcödé ☃",
    "a b+c%2F&d=e#f",
    "quo\"te'",
    "-rf",
    "...",
    "nbcourier:x",
    "con::x",
    "$(touch x)",
    "<script>",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_odd_names_are_read_as_they_were_written(
    fs: NbCourierFileSystem, data: str, name: str, ada: PluginPerson
) -> None:
    ada.put_json(f"v1/directories/{data}/grants", {"grants": []})
    changes = [{"op": "copy", "from": "weather.csv", "to": f"odd/{name}"}]
    changes.append({"op": "copy", "from": "weather.csv", "to": f"odd/{name} folder/{name}"})
    ada.post_json(f"v1/directories/{data}/changes", {"changes": changes})
    (file,) = [each["name"] for each in fs.ls(f"{data}/odd") if each["type"] == "file"]
    assert fs.cat_file(file) == WEATHER
    assert fs.cat_file(f"nbcourier://{file}") == WEATHER
    assert sum(len(files) for _, _, files in fs.walk(f"{data}/odd")) == 2
    fs.pipe_file(file, b"changed")
    assert fs.cat_file(file) == b"changed"
    fs.rm_file(file)
    assert not fs.exists(file) and len(fs.find(f"{data}/odd")) == 1


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "a//b", ".", "a/./b", "a\0b", "a\nb", "a\\b", "\ud800"]
)
def test_illegal_paths_lead_nowhere(fs: NbCourierFileSystem, data: str, path: str) -> None:
    before = version(fs, data)
    with pytest.raises(OSError):
        fs.pipe_file(f"{data}/{path}", b"")
    with pytest.raises(OSError), fs.open(f"{data}/{path}", "wb") as file:
        file.write(b"")
    with pytest.raises(OSError):
        fs.cat_file(f"{data}/{path}")
    assert version(fs, data) == before


@pytest.mark.parametrize(
    "name", ["..", "../../api", "./x/y", "x/../y", "/etc/passwd", "//host/x/y"]
)
def test_names_that_lead_elsewhere_are_not_found(
    ada: PluginPerson, name: str, front: Front
) -> None:
    fs = opened(ada, front.url)
    assert not fs.exists(name)
    assert all(each.path.startswith("/v1/directories") for each in front.asked)


def test_the_token_goes_to_the_exchange_only(ada: PluginPerson, data: str, front: Front) -> None:
    elsewhere = Front(ada.url)
    try:
        fs = opened(ada, front.url, attempts=1)
        with pytest.raises(OSError):
            fs.cat(f"nbcourier://{elsewhere.url.removeprefix('http://')}/x/y")
        front.rule = lambda asked: answer(302, b"", Location=f"{elsewhere.url}{asked.path}")
        with pytest.raises(OSError, match="redirects to"):
            fs.cat_file(f"{data}/weather.csv", 0, 5)
        with pytest.raises(OSError, match="redirects to"):
            fs.pipe_file(f"{data}/weather.csv", b"")
        assert not elsewhere.asked
    finally:
        elsewhere.stop()


def once(spoil: object, method: str) -> object:
    """Returns a rule that spoils the first request with this method."""
    left = iter([spoil])
    return lambda asked: next(left, None) if asked.method == method else None


def test_a_lost_reply_is_no_second_version(ada: PluginPerson, data: str, front: Front) -> None:
    fs = opened(ada, front.url)
    before = version(fs, data)
    front.rule = once(cut, "PUT")
    with fs.open(f"{data}/put", "wb") as file:
        file.write(b"once")
    front.rule = once(cut, "POST")
    fs.pipe(f"{data}/changes", b"once")
    assert version(fs, data) == before + 2


def test_a_damaged_reply_is_not_passed_on(ada: PluginPerson, data: str, front: Front) -> None:
    fs = opened(ada, front.url, attempts=1)
    file = {"Content_Type": "application/octet-stream", "ETag": '"0"'}
    front.rule = lambda asked: (
        from_exchange(200, b"x" * 21, **file) if "/files/" in asked.path else None
    )
    with pytest.raises(OSError, match="did not arrive as it was"):
        fs.cat_file(f"{data}/weather.csv")
    front.rule = lambda asked: (
        answer(200, b"<html>", Content_Type="text/html") if "/files/" in asked.path else None
    )
    with pytest.raises(OSError, match="exchange"):
        fs.cat_file(f"{data}/weather.csv", 0, 5)


def test_a_proxy_without_ranges_is_only_slower(ada: PluginPerson, data: str, front: Front) -> None:
    fs = opened(ada, front.url)
    content = {"Content_Type": "application/octet-stream"}
    front.rule = lambda asked: (
        from_exchange(200, WEATHER, **content) if "/files/" in asked.path else None
    )
    assert fs.cat_file(f"{data}/weather.csv", 4, 8) == WEATHER[4:8]


def test_an_exchange_without_directories_is_named_as_the_reason(
    ada: PluginPerson, data: str, front: Front
) -> None:
    front.rule = without_v1
    with pytest.raises(OSError, match="older"):
        opened(ada, front.url, attempts=1).ls(data)


def test_a_cached_listing_ends_with_a_change(ada: PluginPerson, data: str, front: Front) -> None:
    fs = opened(ada, front.url, use_listings_cache=True)
    fs.ls(data)
    asked = len(front.asked)
    assert fs.ls(data, detail=False) == [f"{data}/unit1", f"{data}/weather.csv"]
    assert len(front.asked) == asked
    fs.pipe(f"{data}/a", b"")
    assert f"{data}/a" in fs.ls(data, detail=False)
    with fs.open(f"{data}/b", "wb") as file:
        file.write(b"")
    assert f"{data}/b" in fs.ls(data, detail=False)
    opened(ada).rm(f"{data}/b")
    assert f"{data}/b" in fs.ls(data, detail=False)
    assert f"{data}/b" not in fs.ls(data, detail=False, refresh=True)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("algebra:data/weather.csv@17", "course:algebra/data@17/weather.csv"),
        ("course:algebra/data/weather.csv", "course:algebra/data/weather.csv"),
        ("nbcourier://algebra:data@17/a/b", "course:algebra/data@17/a/b"),
        ("algebra:", "course:algebra"),
        ("algebra:data/", "course:algebra/data"),
        ("ada/thesis/a b/c@3", "ada/thesis@3/a b/c"),
        ("service:grader/x/", "service:grader/x"),
        ("ada@example.org/thesis", "ada@example.org/thesis"),
        ("thesis@4", "thesis@4"),
        ("ada/x/report@3@", "ada/x/report@3@"),
        ("ada/x@3@/report", "ada/x@3@/report"),
        ("ada/x@2/report@3", "ada/x@2/report@3"),
        ("nbcourier://", ""),
    ],
)
def test_names_have_one_form(written: str, read: str) -> None:
    assert NbCourierFileSystem._strip_protocol(written) == read
    assert NbCourierFileSystem._strip_protocol(read) == read
