"""Delimited text and Parquet: every trap an export can hold, in real files."""

import gzip

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from idgraph.engines.files import scan
from idgraph.errors import FileError


@pytest.fixture
def put(tmp_path):
    """Write a file and give its path."""

    def write(content, name="people.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def cells(opened):
    """The rows without their numbers."""
    return opened.frame.drop("__file", "__row").collect().rows()


def refused(opened):
    return opened.rejects.select("row", "reason").rows()


def test_text_is_strings_with_null_for_empty_cells_and_row_numbers(put):
    path = put('id,email,note\n007,,NULL\n1e3,"","  x "\n')
    opened = scan("app", path)
    assert opened.columns == ["id", "email", "note"]
    assert opened.files == [path]
    assert opened.frame.collect_schema() == {
        "id": pl.String,
        "email": pl.String,
        "note": pl.String,
        "__file": pl.UInt16,
        "__row": pl.UInt32,
    }
    assert opened.frame.collect().rows() == [("007", None, "NULL", 0, 1), ("1e3", None, "  x ", 0, 2)]
    assert opened.rejects.is_empty()
    assert opened.rejects.columns == ["source", "file", "row", "grain", "column", "value", "reason"]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_told_from_the_header(put, delimiter):
    path = put(f'id{delimiter}"a,b;c|d\te"\n1{delimiter}2\n')
    assert cells(scan("app", path)) == [("1", "2")]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfid,name\n1,Zo\xc3\xab\n",
        b'\xef\xbb\xbf"id",name\n1,Zo\xc3\xab\n',
        "\ufeffid,name\n1,Zoë\n".encode("utf-16-le"),
        "\ufeffid,name\r\n1,Zoë\r\n".encode("utf-16-be"),
        "\ufeffid,name\n1,Zoë".encode("utf-32-le"),
        b"id,name\r\n1,Zo\xc3\xab\r\n",
        b"id,name\r1,Zo\xc3\xab\r",
        b"id,name\n1,Zo\xc3\xab",
        b"\r\n\nid,name\n1,Zo\xc3\xab\n",
        b"sep=,\r\nid,name\r\n1,Zo\xc3\xab\r\n",
        b"\xef\xbb\xbfsep=,\nid,name\n1,Zo\xc3\xab\n",
        b"id, name \n1,Zo\xc3\xab\n",
        b'id, "name"\n1,Zo\xc3\xab\n',
        b"id,name\r\r\n1,Zo\xc3\xab\r\r\n",
    ],
)
def test_marks_line_ends_and_blanks_of_a_file_are_not_its_content(put, content):
    opened = scan("app", put(content))
    assert opened.columns == ["id", "name"]
    assert opened.frame.collect().rows() == [("1", "Zoë", 0, 1)]


def test_repeated_and_blank_header_names_are_kept_apart(put):
    opened = scan("app", put("id,email,email,,email_duplicated_0,email,__row\n1,2,3,4,5,6,7\n"))
    assert opened.columns == [
        "id",
        "email",
        "email_duplicated_1",
        "column_4",
        "email_duplicated_0",
        "email_duplicated_2",
        "__row_duplicated_0",
    ]
    assert cells(opened) == [("1", "2", "3", "4", "5", "6", "7")]


def test_quoted_delimiters_newlines_and_quotes_are_content(put):
    opened = scan("app", put('id,"full\nname",note\r\n1,"Acme, Inc.","say ""hi""\r\nbye"\r\n2,,\r\n'))
    assert opened.columns == ["id", "full\nname", "note"]
    assert opened.frame.collect().rows() == [
        ("1", "Acme, Inc.", 'say "hi"\r\nbye', 0, 1),
        ("2", None, None, 0, 2),
    ]


def test_a_header_alone_is_no_rows(put):
    assert cells(scan("app", put("id,name"))) == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2", "1 field where the header has 3"),
        ("2,3", "2 fields where the header has 3"),
        ("2,3,4,5", "4 fields where the header has 3"),
        ("2,b\0,c", "holds a NUL byte"),
        (b"2,\xe9,c", "not UTF-8; if the file is of another encoding, pass it, such as"),
        ('2,"b,c', "a quote is never closed"),
        ('2,"b"b,c', "text follows a closing quote"),
        ("2,b\rb,c", "a carriage return within an unquoted field"),
    ],
)
def test_a_bad_row_is_lost_alone_and_named(put, row, reason):
    raw = row if isinstance(row, bytes) else row.encode()
    path = put(b"id,b,c\n1,b,c\n" + raw + b'\n\n3,"b",c\n4,b,\n')
    opened = scan("app", path)
    assert opened.frame.collect().rows() == [
        ("1", "b", "c", 0, 1),
        ("3", "b", "c", 0, 4),
        ("4", "b", None, 0, 5),
    ]
    found = opened.rejects.row(0, named=True)
    assert len(opened.rejects) == 1
    assert found.pop("reason").startswith(reason)
    assert found == {
        "source": "app",
        "file": str(path),
        "row": 2,
        "grain": "row",
        "column": None,
        "value": raw.decode("utf-8", "replace"),
    }


def test_a_million_rows_lose_the_bad_one_only(put):
    rows = ["id,email"] + [f"u_{number},p{number}@acme.io" for number in range(1, 1_000_001)]
    rows[700_000] = "u_700000"
    opened = scan("app", put("\n".join(rows)))
    assert refused(opened) == [(700_000, "1 field where the header has 2")]
    counted = opened.frame.select(
        pl.len(), pl.col("__row").cast(pl.Int64).sum(), pl.col("email").n_unique().alias("emails")
    )
    assert counted.collect().row(0) == (999_999, 1_000_000 * 1_000_001 // 2 - 700_000, 999_999)


def test_quotes_inside_unquoted_fields_are_content(put):
    opened = scan("app", put('id,size,note\n1,5" pipe,a\n2,7","b, c"\n3,"x",6"\n'))
    assert cells(opened) == [("1", '5" pipe', "a"), ("2", '7"', "b, c"), ("3", "x", '6"')]


@pytest.mark.parametrize("rest", ['1,"a"\n2,b\n', '1,"a\n2,b\n3,c"\n'])
def test_a_quote_in_a_header_is_content_too(put, rest):
    opened = scan("app", put('id,5" pipe\n' + rest))
    assert opened.columns == ["id", '5" pipe']
    assert cells(opened)[0][0] == "1"


def test_an_unclosed_quote_does_not_swallow_what_follows(put):
    rows = ["id,name", *(f"{number},n" for number in range(1, 3000))]
    rows[10] = '10,"n'
    opened = scan("app", put("\n".join(rows)))
    assert refused(opened) == [(10, "a quote is never closed")]
    assert opened.frame.select(pl.len()).collect().item() == 2998


def test_a_trailing_delimiter_loses_nothing(put):
    opened = scan("app", put("id,name\n1,Ana,\n2,Bo,,\n"))
    assert cells(opened) == [("1", "Ana"), ("2", "Bo")]
    assert opened.rejects.is_empty()


@pytest.mark.parametrize("quote", ["", '5" '])
def test_where_a_writer_leaves_out_trailing_empty_cells_short_rows_are_whole(put, quote):
    rows = [f"{number},{quote}a,b,c" if number % 3 else f"{number},a,b" for number in range(1, 100)]
    opened = scan("app", put("\n".join(["id,a,b,c", *rows])))
    assert opened.rejects.is_empty()
    assert opened.frame.select(pl.col("c").null_count(), pl.len()).collect().row(0) == (33, 99)


@pytest.mark.parametrize("quote", ["", '5" '])
def test_rows_broken_by_an_unquoted_line_break_are_refused_however_many(put, quote):
    rows = [f"{number},{quote}a\nmore,b,c" if number % 5 == 0 else f"{number},a,b,c" for number in range(1, 100)]
    opened = scan("app", put("\n".join(["id,a,b,c", *rows])))
    assert len(opened.rejects) == 38
    assert opened.frame.select(pl.len()).collect().item() == 80


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp1251", "utf-16-le", "shift_jis"])
def test_a_named_encoding_is_honoured(put, encoding):
    name = {"cp1251": "Анна", "shift_jis": "山田"}.get(encoding, "Zoë")
    path = put(f"id,name\n1,{name}\n".encode(encoding))
    assert cells(scan("app", path, encoding=encoding)) == [("1", name)]


def test_bytes_that_are_not_of_the_named_encoding_lose_their_row_only(put):
    opened = scan("app", put(b"id,name\n1,Zo\xeb\n2,\x81\n3,c\n"), encoding="cp1252")
    assert cells(opened) == [("1", "Zoë"), ("3", "c")]
    assert opened.rejects["row"].to_list() == [2]


def trouble(path, **how):
    with pytest.raises(FileError) as caught:
        scan("app", path, **how)
    message = str(caught.value)
    assert message.startswith("source 'app': ")
    return message.replace(str(path), "FILE").removeprefix("source 'app': ")


@pytest.mark.parametrize(
    ("content", "how", "message"),
    [
        ("", {}, "FILE is empty. Export it again, or leave it out."),
        ("\ufeff\r\n \n", {}, "FILE is empty. Export it again, or leave it out."),
        ("a;b;c\n1;2;3\n", {"delimiter": ","}, "FILE has no ',' in its header, but 2 of ';'. Pass delimiter=';'."),
        ("a^b\n", {}, "FILE has a header of one column. If '^' separates its columns, pass delimiter='^'."),
        (
            "a,b\n",
            {"delimiter": "::"},
            "FILE cannot be split by '::'. A delimiter is one ASCII character, not a quote.",
        ),
        ("a,b\n", {"encoding": "klingon"}, "FILE cannot be read with encoding 'klingon'. Pass one that Python knows"),
        ("a,b\n", {"encoding": "rot13"}, "FILE cannot be read with encoding 'rot13'. Pass one that Python knows"),
        (
            "a,b\n",
            {"format": "xlsx"},
            "FILE cannot be read as 'xlsx'. Formats are: csv, tsv, json, jsonl, ndjson, parquet.",
        ),
        ("naïve,b\n".encode("cp1252"), {}, 'FILE is not UTF-8 (its header is not). Pass encoding="cp1252"'),
        (
            b"a,b\n" + "".join(f"{n},Zoë\n" for n in range(9)).encode("cp1252"),
            {},
            'FILE is not UTF-8 (9 of its rows are not). Pass encoding="cp1252", or the one it was exported with.',
        ),
        (
            "id,name\n1,a\n".encode("utf-16-le"),
            {},
            'FILE is full of NUL bytes, as UTF-16 is. Pass encoding="utf-16-le".',
        ),
        (
            "id,name\n1,a\n".encode("utf-16-be"),
            {},
            'FILE is full of NUL bytes, as UTF-16 is. Pass encoding="utf-16-be".',
        ),
        (b"\0" * 512, {}, "FILE holds nothing but NUL bytes."),
        ('"a,b\n1,2\n', {}, "FILE has a header that cannot be read: a quote is never closed. Check its first line"),
        ('"a"b,c\n1,2\n', {}, "FILE has a header that cannot be read: text follows a closing quote"),
        ("sep=;\n", {}, "FILE has a header that cannot be read: there is none."),
        ("x" * (1 << 21), {}, "FILE has a header that cannot be read: it has no end."),
        ("\ufeff<html>", {}, "FILE looks like a web page (HTML), not delimited text."),
        ('{"a": 1}'.encode("utf-16-le"), {"format": "json"}, "FILE is full of NUL bytes, as UTF-16 is."),
        (
            "Report of May\nid,name,mail\n1,a,b\n2,c,d\n3,e,f\n",
            {},
            "FILE fits its header in less than half of its rows",
        ),
        ("<!DOCTYPE html><html><body>Log in", {}, "FILE looks like a web page (HTML), not delimited text."),
        ("<?xml version='1.0'?><rows/>", {}, "FILE looks like XML, not delimited text."),
        (
            '[{"id": 1}]',
            {},
            'FILE looks like JSON, not delimited text. Rename it to end in .json, or pass format="json".',
        ),
        ("id,name\n", {"format": "json"}, "FILE is not JSON: it looks like delimited text."),
        ("id,name\n", {"format": "parquet"}, "FILE is not Parquet: it looks like delimited text."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", {}, "FILE looks like an old Excel workbook (.xls), not delimited text."),
        (b"Obj\x01\x04\x14avro.codec", {}, "FILE looks like an Avro file, not delimited text."),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_the_mend(put, content, how, message):
    assert trouble(put(content), **how).startswith(message)


def test_paths_that_mean_no_file_are_named(tmp_path, put):
    assert "no file matches" in trouble(tmp_path / "absent.csv")
    assert trouble(str(tmp_path / "*.tsv")) == "no file matches 'FILE'. Paths are relative to the working folder."
    assert "is a folder" in trouble(tmp_path)
    assert "is not a regular file" in trouble("/dev/null")
    assert "no file was given" in trouble([])


def test_a_file_that_may_not_be_read_is_named(put, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    path = put("id\n1\n")
    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert trouble(path) == "FILE may not be read. Give this user permission to read it."


def test_a_literal_name_wins_over_a_glob(put):
    assert cells(scan("app", str(put("id\n1\n", "people[1].csv")))) == [("1",)]


def test_parts_are_laid_under_each_other_by_name(put, tmp_path):
    second = put("email,id,plan\nbo@acme.io,2,pro\n", "2026-02.csv")
    first = put("id,email\n1,ana@acme.io\n", "2026-01.csv")
    opened = scan("app", str(tmp_path / "2026-*.csv"))
    assert opened.files == [first, second]
    assert opened.columns == ["id", "email", "plan"]
    assert opened.frame.collect().rows() == [
        ("1", "ana@acme.io", None, 0, 1),
        ("2", "bo@acme.io", "pro", 1, 1),
    ]


def test_parts_that_are_of_different_tables_or_formats_are_refused(put):
    people = put("id,email\n1,a\n")
    companies = put("domain,website,id\n1,a,2\n", "companies.csv")
    events = put('{"id": 1}\n', "events.jsonl")
    assert "are of one table" in trouble([people, companies]).replace("is not of", "are of")
    assert "is json, but" in trouble([people, events])


def test_only_the_columns_asked_for_are_read(put):
    plan = scan("app", put("id,email,plan\n1,a,b\n")).frame.select("email").explain()
    assert "1/3 COLUMNS" in plan.upper()


def test_a_file_opened_again_is_not_checked_again_unless_it_changed(put):
    path = put("id\n1\n")
    assert cells(scan("app", path)) == [("1",)]
    put("id\n1\n2\n")
    assert cells(scan("app", path)) == [("1",), ("2",)]


@pytest.fixture
def table():
    return pl.DataFrame(
        {
            "id": [1, 2],
            "email": ["ana@acme.io", None],
            "traits": [{"plan": "pro", "seats": 3}, {"plan": None, "seats": 1}],
        }
    )


def test_parquet_keeps_its_dtypes_and_stays_lazy(tmp_path, table):
    path = tmp_path / "users.parquet"
    table.write_parquet(path)
    opened = scan("app", path)
    assert opened.columns == ["id", "email", "traits", "traits.plan", "traits.seats"]
    assert_frame_equal(opened.frame.drop("__file", "__row").collect(), table)
    assert opened.frame.select("__file", "__row").collect().rows() == [(0, 1), (0, 2)]
    assert "PARQUET SCAN" in opened.frame.explain().upper()


@pytest.mark.parametrize("name", ["users.parquet.zst", "users", "users.pq"])
def test_parquet_is_known_by_its_content(tmp_path, table, name):
    path = tmp_path / name
    table.write_parquet(path)
    assert_frame_equal(scan("app", path).frame.drop("__file", "__row").collect(), table)


def test_packed_parquet_is_unpacked(tmp_path, table):
    table.write_parquet(tmp_path / "users.parquet")
    path = tmp_path / "users.parquet.gz"
    path.write_bytes(gzip.compress((tmp_path / "users.parquet").read_bytes()))
    assert_frame_equal(scan("app", path).frame.drop("__file", "__row").collect(), table)


def test_parquet_that_is_no_parquet_any_more(tmp_path, table, put):
    table.write_parquet(tmp_path / "users.parquet")
    whole = (tmp_path / "users.parquet").read_bytes()
    assert "looks like Parquet, not delimited text" in trouble(put(whole, "users.csv"))
    assert "is truncated: it does not end as Parquet does" in trouble(put(whole[:-9], "cut.parquet"))
    assert "its Parquet footer cannot be read" in trouble(put(whole[:40] + whole[-8:], "hole.parquet"))
    assert "is not Parquet: it looks like delimited text" in trouble(put("id\n1\n", "text.parquet"))


def test_parquet_parts_may_differ_in_dtype(tmp_path):
    pl.DataFrame({"id": [1], "note": [None]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"id": ["2"], "note": ["x"]}).write_parquet(tmp_path / "2.parquet")
    assert cells(scan("app", str(tmp_path / "*.parquet"))) == [("1", None), ("2", "x")]
