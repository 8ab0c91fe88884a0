"""What is written in any dialect, with any packing, is read back; and the row check agrees with Python's csv module."""

import csv
import gzip
import io
import tempfile
import zipfile
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from idgraph.engines.files import rows, scan

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)
TRICKY = st.text('",;\t|\n aé😀', max_size=6)
TABLES = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(TEXT | TRICKY, min_size=width, max_size=width), max_size=12)
)


def written(table, *, delimiter, quoting, newline, last_newline):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=newline).writerows(table)
    return buffer.getvalue() if last_newline else buffer.getvalue().removesuffix(newline)


def packed(content, packing):
    if packing == "gz":
        return gzip.compress(content)
    if packing == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("any", content)
        return buffer.getvalue()
    return content


@given(
    table=TABLES,
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    newline=st.sampled_from(["\n", "\r\n"]),
    last_newline=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    packing=st.sampled_from(["", "gz", "zip"]),
    chunk=st.sampled_from([1, 64, 100, rows.CHUNK_BYTES]),
)
def test_what_is_written_is_read_back(table, delimiter, quoting, newline, last_newline, encoding, packing, chunk):
    width = len(table[0]) if table else 2
    header = [f"column {number}" for number in range(width)]
    delimiter = delimiter if width > 1 else ","  # a header of one column does not tell
    text = written([header, *table], delimiter=delimiter, quoting=quoting, newline=newline, last_newline=last_newline)
    before, rows.CHUNK_BYTES = rows.CHUNK_BYTES, chunk
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "table.csv")
            path.write_bytes(packed(text.encode(encoding), packing))
            opened = scan("any", path)
            found = opened.frame.collect()
    finally:
        rows.CHUNK_BYTES = before
    assert opened.columns == header
    assert opened.rejects.is_empty()
    assert found.drop("__file", "__row").rows() == [tuple(cell or None for cell in row) for row in table]
    assert found["__row"].to_list() == list(range(1, len(table) + 1))


@given(st.text('ab",\n\r', max_size=40), st.sampled_from([1, 64, rows.CHUNK_BYTES]))
@example('a,b\n1,2\n\n3,"4\n5"\r\n6\n', 64)
@example('a,b\n"1",2\n3,"', 1)
def test_every_row_is_read_or_named_whatever_the_text(body, chunk):
    """No text loses a row in silence: what is neither read nor refused is blank, and numbers never repeat."""
    before, rows.CHUNK_BYTES = rows.CHUNK_BYTES, chunk
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "table.csv")
            path.write_bytes(("x,y\n" + "1,2\n" * 60 + body).encode())
            opened = scan("any", path)
            found = opened.frame.collect()
    finally:
        rows.CHUNK_BYTES = before
    numbers = found["__row"].to_list() + opened.rejects["row"].to_list()
    assert len(set(numbers)) == len(numbers)
    assert found["__row"].to_list()[:60] == list(range(1, 61))
    letters = sum(character in "ab" for character in body)
    kept = "".join(cell or "" for row in found.select("x", "y").slice(60).rows() for cell in row)
    kept += "".join(opened.rejects["value"].to_list())
    assert sum(character in "ab" for character in kept) == letters


@given(st.text('ab",\n', max_size=60))
def test_rows_that_python_reads_without_complaint_are_the_same(body):
    text = "x,y\n" + "1,2\n" * 200 + body
    try:
        expected = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row][1:]
    except csv.Error:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        path.write_bytes(text.encode())
        found = scan("any", path).frame.drop("__file", "__row").collect().rows()
    whole = [row[:2] for row in expected if len(row) == 2 or (len(row) > 2 and not any(row[2:]))]
    assert found == [tuple(cell or None for cell in row) for row in whole]
