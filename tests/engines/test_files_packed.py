"""Compressed files and archives: read by content, within limits, without trusting a name."""

import gzip
import io
import os
import stat
import subprocess
import sys
import zipfile
from functools import partial

import pytest

from idgraph.engines.files import reader, scan, unpack
from idgraph.errors import FileError

# Both without the time of day, which would be part of the names of tests.
packed = partial(gzip.compress, mtime=0)
CSV = b"id,name\n1,Ana\n2,Bo\n"
ROWS = [("1", "Ana"), ("2", "Bo")]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@pytest.fixture
def put(tmp_path):
    def write(content, name):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def cells(opened):
    return opened.frame.drop("__file", "__row").collect().rows()


def trouble(path, **how):
    with pytest.raises(FileError) as caught:
        scan("app", path, **how)
    return str(caught.value).replace(str(path), "FILE").removeprefix("source 'app': ")


@pytest.mark.parametrize("name", ["people.csv.gz", "people.csv", "people", "people.csv.zip"])
@pytest.mark.parametrize("content", [packed(CSV), packed(CSV[:8]) + packed(CSV[8:]), CSV, zipped(a=CSV)])
def test_what_is_packed_is_told_by_content(put, content, name):
    opened = scan("app", put(content, name))
    assert cells(opened) == ROWS
    assert opened.files == [put(content, name)]


def test_zstd_is_read_and_its_damage_told(put):
    packed = zstd.compress(CSV * 200)
    assert cells(scan("app", put(packed, "people.csv.zst")))[:2] == ROWS
    assert trouble(put(packed[:-9], "cut.csv.zst")).startswith("FILE is truncated: its zstd data ends too early")
    assert "is damaged: its zstd data" in trouble(put(packed[:4] + b"\xff" * 20, "bad.csv.zst"))


def test_the_members_of_a_zip_are_parts_in_order(put):
    members = {
        "2026-01.csv": CSV,
        "2026-02.csv": b"name,id,x\nCy,3,y\n",
        "__MACOSX/._a": b"\0",
        ".DS_Store": b"\0",
        "d/": b"",
    }
    path = put(zipped(**members), "people.zip")
    opened = scan("app", path)
    assert opened.files == [path, path]
    assert opened.frame.collect().rows() == [
        ("1", "Ana", None, 0, 1),
        ("2", "Bo", None, 0, 2),
        ("3", "Cy", "y", 1, 1),
    ]


def test_a_reject_names_the_member_by_number(put):
    path = put(zipped(a=CSV, b=b"id,name\n3\n"), "people.zip")
    assert scan("app", path).rejects.select("file", "row").rows() == [(f"{path}#2", 1)]


def test_members_may_be_packed_themselves(put):
    lines = {f"{hour}.json.gz": packed(b'{"user_id": "u_%d"}\n' % hour) for hour in range(3)}
    opened = scan("app", put(zipped(**lines), "export.zip"))
    assert opened.frame.select("__file", opened.column("user_id")).collect().rows() == [
        (0, "u_0"),
        (1, "u_1"),
        (2, "u_2"),
    ]


def test_member_names_are_never_paths(put, tmp_path):
    opened = scan("app", put(zipped(**{"../../escaped.csv": CSV, "/tmp/absolute.csv": CSV}), "people.zip"))
    assert len(cells(opened)) == 4
    assert not list(tmp_path.parent.glob("**/escaped.csv"))


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (packed(CSV)[:-9], "people.csv.gz", "FILE is truncated: its gzip data ends too early."),
        (packed(CSV)[:-8] + bytes(8), "people.csv.gz", "FILE is damaged: its gzip data cannot be read."),
        (packed(CSV) + b"garbage", "people.csv.gz", "FILE is damaged: its gzip data cannot be read."),
        (packed(b""), "people.csv.gz", "FILE is empty."),
        (zipped(a=CSV)[:-9], "people.zip", "FILE is a damaged or truncated zip."),
        (zipped(), "people.zip", "FILE is a zip with no file in it."),
        (zipped(a=b""), "people.zip", "FILE is empty."),
        (zipped(a=CSV, b=b""), "people.zip", "FILE#2 is empty."),
        (zipped(a=zipped(b=CSV)), "people.zip", "FILE holds a zip inside another archive."),
        (packed(zipped(b=CSV)), "people.zip.gz", "FILE holds a zip inside another archive."),
        (
            packed(packed(packed(packed(CSV)))),
            "p.gz",
            "FILE is packed more than three times",
        ),
        (
            zipped(**{"[Content_Types].xml": b"", "xl/a.xml": b""}),
            "people.csv",
            "FILE looks like an Excel or other office",
        ),
        (zipped(a=CSV, b=b"other,table\n1,2\n"), "all.zip", "FILE#2 is not of one table with FILE#1"),
        (zipped(a=CSV, b=b'{"id": 1}'), "all.zip", "FILE#2 is json, but FILE#1 is csv."),
        (packed(b"%PDF-1.7"), "people.csv.gz", "FILE looks like a PDF, not delimited text."),
    ],
)
def test_an_archive_that_cannot_be_read_says_why(put, content, name, message):
    assert trouble(put(content, name)).startswith(message)


def test_a_zip_with_a_password_is_refused(put):
    raw = bytearray(zipped(a=CSV))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        raw[raw.index(mark) + (6 if mark[2] == 3 else 8)] |= 1
    assert "is a zip with a password" in trouble(put(bytes(raw), "people.zip"))


def test_what_unpacks_to_too_much_is_stopped(put, monkeypatch):
    monkeypatch.setattr(unpack, "RATIO_FROM_BYTES", 1 << 20)
    bomb = CSV + b"3,x\n" * (1 << 19)
    assert "unpacks to more than 200 times its size" in trouble(put(packed(bomb), "bomb.csv.gz"))
    assert "unpacks to more than 200 times its size" in trouble(put(zipped(a=bomb, b=bomb), "bomb.zip"))
    monkeypatch.setattr(unpack, "MAX_UNPACKED_BYTES", 1 << 20)
    assert "unpacks to more than 1,048,576 bytes" in trouble(put(packed(os.urandom(1 << 21)), "big.csv.gz"))


def test_a_full_disk_is_told_and_leaves_nothing(put, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    folder = unpack._folder(os.getpid())
    before = set(folder.iterdir())
    monkeypatch.setattr(os, "open", full)
    message = trouble(put(packed(CSV), "full.csv.gz"))
    assert message.startswith("FILE could not be unpacked or converted: No space left on device. Make room in")
    assert set(folder.iterdir()) == before


def test_copies_are_private_and_go_when_the_interpreter_ends(put):
    path = put(packed(packed(CSV.decode().encode("utf-16"))), "people.csv.gz.gz")
    script = f"""
import os, stat
from idgraph.engines.files import reader, scan, unpack
assert scan("app", {str(path)!r}).frame.collect().height == 2
folder = unpack._folder(os.getpid())
(copy,) = folder.iterdir()
print(folder, oct(stat.S_IMODE(folder.stat().st_mode)), oct(stat.S_IMODE(copy.stat().st_mode)))
if not os.fork():
    raise SystemExit(0)
os.wait()
assert copy.exists()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    folder, of_folder, of_copy = done.stdout.split()
    assert (of_folder, of_copy) == ("0o700", "0o600")
    assert not os.path.exists(folder)  # noqa: PTH110
    assert stat.S_ISREG(path.stat().st_mode)


@pytest.mark.parametrize("batch", [1, 7, 256])
def test_many_parts_are_one_frame(tmp_path, monkeypatch, batch):
    monkeypatch.setattr(reader, "BATCH_PARTS", batch)
    for hour in range(60):
        (tmp_path / f"{hour:02}.csv").write_bytes(b"id,hour\n%d,%d\n" % (hour, hour))
    (tmp_path / "60.csv").write_bytes(b"hour,id,plan\n\n60,60,pro\n60\n")
    opened = scan("app", str(tmp_path / "*.csv"))
    found = opened.frame.collect()
    assert found.columns == ["id", "hour", "plan", "__file", "__row"]
    assert found.rows()[:-1] == [(str(hour), str(hour), None, hour, 1) for hour in range(60)]
    assert found.rows()[-1] == ("60", "60", "pro", 60, 2)
    assert opened.rejects.select("file", "row").rows() == [(str(tmp_path / "60.csv"), 3)]


def test_many_packed_documents_are_one_frame(put):
    members = {f"{page}.json.gz": packed(b'{"results": [{"id": "%d"}]}' % page) for page in range(40)}
    opened = scan("app", put(zipped(**members), "pages.zip"))
    assert opened.frame.select(opened.column("id")).collect()["id"].to_list() == [str(page) for page in range(40)]
