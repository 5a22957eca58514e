"""The directories of the exchange as a file system: reading by name, listings and caches."""

import hashlib
import os
import pickle

import pytest
from course import Course, PluginPerson
from file_system import WEATHER, NbCourierFileSystem, install, opened, run
from front import Front, from_exchange

MEGABYTE = 1_000_000


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


def test_a_proxy_without_ranges_is_only_slower(ada: PluginPerson, data: str, front: Front) -> None:
    fs = opened(ada, front.url)
    content = {"Content_Type": "application/octet-stream"}
    front.rule = lambda asked: (
        from_exchange(200, WEATHER, **content) if "/files/" in asked.path else None
    )
    assert fs.cat_file(f"{data}/weather.csv", 4, 8) == WEATHER[4:8]


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


def test_a_copy_for_another_process_has_no_token(ada: PluginPerson, data: str) -> None:
    fs = opened(ada, timeout=7.0)
    sent = pickle.dumps(fs)
    assert ada.token.encode() not in sent
    assert pickle.loads(sent).storage_options["timeout"] == 7.0
