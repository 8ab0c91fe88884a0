"""JSON, JSON Lines, and addresses into them and into columns."""

import json

import polars as pl
import pytest

from idgraph.engines.files import column_expr, json_field, scan
from idgraph.errors import FileError

RECORDS = [{"id": "1", "properties": {"email": "ana@acme.io"}}, {"id": "2", "properties": {"email": None}}]

OUT_OF_RANGE = "JSON of more than 127 levels, with half a surrogate pair, or with a number too large"


@pytest.fixture
def put(tmp_path):
    def write(content, name="events.json"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def values(opened, *addresses):
    return opened.frame.select(opened.column(address) for address in addresses).collect().rows()


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    "shape",
    [
        RECORDS,
        {"results": RECORDS, "paging": {"next": {"after": "2"}}},
        {"session_id": "x", "page": 0, "results": RECORDS, "status": "ok"},
    ],
)
def test_a_list_of_records_is_read_wherever_it_is(put, shape, indent):
    opened = scan("app", put(json.dumps(shape, indent=indent)))
    assert opened.columns == ["id", "properties.email"]
    assert values(opened, "id", "properties.email") == [("1", "ana@acme.io"), ("2", None)]
    assert opened.frame.select("__file", "__row").collect().rows() == [(0, 1), (0, 2)]


@pytest.mark.parametrize("name", ["events.jsonl", "events.ndjson", "events.json", "events"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lines_are_read_under_any_name(put, name, end, mark):
    opened = scan("app", put(mark + end.join(json.dumps(record) for record in RECORDS), name))
    assert values(opened, "id", "properties.email") == [("1", "ana@acme.io"), ("2", None)]


def test_records_one_after_the_other_need_no_lines(put):
    opened = scan("app", put("\n".join(json.dumps(record, indent=2) for record in RECORDS)))
    assert values(opened, "id") == [("1",), ("2",)]


@pytest.mark.parametrize(
    "record",
    [
        {"id": "1", "identities": [{"email": "a"}, {"email": "b"}]},
        {"type": "contact", "tags": [1, 2], "companies": {"data": [{"id": "5"}]}},
    ],
)
def test_one_record_alone_is_a_record(put, record):
    opened = scan("app", put(json.dumps(record, indent=1)))
    assert opened.frame.select(pl.len()).collect().item() == 1


def test_no_records_are_no_rows(put):
    for empty in ("[]", '{"results": []}', " [ ]\n"):
        opened = scan("app", put(empty))
        assert opened.frame.select(pl.len()).collect().item() == 0
        assert opened.columns == []


@pytest.mark.parametrize("name", ["events.json", "events.jsonl"])
def test_numbers_keep_their_digits(put, name):
    texts = [
        "75605632776",
        "18446744073709551616",
        "-9223372036854775809",
        "1.5",
        "1.0",
        "12345678901234567.25",
        "true",
    ]
    lines = [f'{{"v": {text}}}' for text in texts]
    content = "\n".join(lines) if name.endswith("l") else f"[{', '.join(lines)}]"
    assert values(scan("app", put(content, name)), "v") == [(text,) for text in texts]


def test_addresses_reach_what_they_name():
    record = {
        "properties": {"$device_id": "d", "utm.source": "ads", "it's": 1, 'say "hi"': 2, "a\\b": 3, "": 4},
        "groups": {"org": ["acme", 2]},
        "none": None,
        "text": 'say "hi"\n',
    }
    frame = pl.DataFrame({"j": [json.dumps(record), None, "no JSON", "{}"]})
    found = {
        "properties.$device_id": "d",
        r"properties.utm\.source": "ads",
        "properties.utm.source": None,
        "properties.it's": "1",
        'properties.say "hi"': "2",
        r"properties.a\\b": "3",
        "properties.": "4",
        "groups.org": '["acme",2]',
        "groups": '{"org":["acme",2]}',
        "none": None,
        "none.deeper": None,
        "text": 'say "hi"\n',
    }
    for address, value in found.items():
        assert frame.select(json_field(pl.col("j"), address))["j"].to_list() == [value, None, None, None]


def test_every_address_listed_can_be_asked_for(put):
    record = {"a": {"b.c": "1", "d\\": {"e": "2", "f": {}}}, "$g": "3", "h": [1], "": "4"}
    opened = scan("app", put(json.dumps([record])))
    assert opened.columns == [r"a.b\.c", r"a.d\\.e", r"a.d\\.f", "$g", "h", ""]
    assert values(opened, *opened.columns) == [("1", "2", "{}", "3", "[1]", "4")]


def test_columns_are_found_in_text_and_structs_and_whatever_the_case():
    frame = pl.DataFrame(
        {
            "Id": ["1"],
            "metadata.plan": ["column"],
            "metadata": ['{"plan": "json", "external_id": "u_7"}'],
            "traits": [{"Email": "ana@acme.io", "extra": '{"seats": 3}'}],
            "age": [7],
        }
    )

    def found(address):
        return frame.select(column_expr(frame.schema, address)).to_dict(as_series=False)

    assert found("Id") == {"Id": ["1"]}
    assert found("id") == {"id": ["1"]}
    assert found("metadata.plan") == {"metadata.plan": ["column"]}
    assert found("metadata.external_id") == {"metadata.external_id": ["u_7"]}
    assert found("traits.Email") == {"traits.Email": ["ana@acme.io"]}
    assert found("TRAITS.email") == {"TRAITS.email": ["ana@acme.io"]}
    assert found("traits.extra.seats") == {"traits.extra.seats": ["3"]}
    for wrong in ("age.x", "traits.phone", "idd", "nothing"):
        with pytest.raises(KeyError):
            found(wrong)


def test_case_is_ignored_only_where_one_name_fits():
    schema = {"ID": pl.String(), "Id": pl.String()}
    assert pl.DataFrame({"ID": ["a"], "Id": ["b"]}).select(column_expr(schema, "Id")).item() == "b"
    with pytest.raises(KeyError):
        column_expr(schema, "id")


def test_an_address_that_is_not_there_names_close_ones(put):
    opened = scan("app", put(json.dumps(RECORDS)))
    with pytest.raises(KeyError, match=r"There is: 'properties.email'"):
        opened.column("properties.emial")
    with pytest.raises(KeyError, match="There is: 'email'"):
        column_expr({"email": pl.String(), "__row": pl.UInt32()}, "emial")


def test_an_address_that_only_late_records_hold_is_found(put):
    lines = ['{"id": "1"}'] * 1200 + ['{"id": "2", "converted": "c_1"}']
    opened = scan("app", put("\n".join(lines), "events.jsonl"))
    assert opened.columns == ["id"]
    assert opened.frame.filter(opened.column("converted") == "c_1").select(opened.column("id")).collect().item() == "2"
    with pytest.raises(KeyError):
        opened.column("absent")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "2"', "JSON that ends too early"),
        (b'{"id": "2', "JSON that ends too early"),
        (b"oops", "not valid JSON: Expecting value at character 1"),
        (b'{"id": 2}{"id": 3}', "not valid JSON: Extra data at character 10"),
        (b'{"id": NaN}', "not valid JSON: NaN is no JSON at character 1"),
        (b'{"id": 1e999}', OUT_OF_RANGE),
        (rb'{"id": "\ud800"}', OUT_OF_RANGE),
        (b'["id"]', "JSON, but not an object"),
        (b'{"id": "\xe9"}', 'not UTF-8; if the file is of another encoding, pass it, such as encoding="cp1252"'),
        (b'{"a":' * 200 + b"1" + b"}" * 200, OUT_OF_RANGE),
        (b'{"a":' * 9999 + b"1" + b"}" * 9999, OUT_OF_RANGE),
    ],
)
def test_a_bad_line_is_lost_alone_and_named(put, line, reason):
    path = put(b'{"id": "1"}\n' + line + b'\n\n{"id": "4\\ud83d\\ude00"}\n', "events.jsonl")
    opened = scan("app", path)
    assert opened.rejects.select("file", "row", "grain", "column", "reason").rows() == [
        (str(path), 2, "row", None, reason)
    ]
    assert opened.rejects["value"][0] == line.decode("utf-8", "replace")
    assert opened.frame.select("__row", opened.column("id")).collect().rows() == [(1, "1"), (4, "4😀")]


def test_a_bad_record_of_a_list_is_lost_alone(put):
    opened = scan("app", put('[{"id": 1},\n "two", {"id": "\\ud800"}, {"id":\n 4}, {"id": 5}]'))
    assert opened.rejects["row"].to_list() == [2, 3]
    assert values(opened, "id") == [("1",), ("4",), ("5",)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"id": 1}, {"id":', "is truncated: its JSON ends too early"),
        ('[{"id": 1}, {"id": "lo', "is truncated: its JSON ends too early"),
        ('[{"id": 1},', "is truncated: its JSON ends too early"),
        ('[{"id": 1}', "is truncated: its JSON ends too early"),
        ('{"results": [{"id": 1}', "is truncated: its JSON ends too early"),
        ('[{"id": 1} {"id": 2}]', "is not valid JSON"),
        ('[{"id": 1}] more', "is not valid JSON"),
        ('[{"id": oops, "name": "a longer text", "email": "ana@acme.io"}]', "is not valid JSON"),
        ('["a", "b", "c"]', "holds few records (row 1: JSON, but not an object)"),
        ("[" * 100_000, "is JSON nested too deep"),
        ("id,name\n1,a\n", "is not JSON: it looks like delimited text"),
    ],
)
def test_a_document_that_cannot_be_read_says_why(put, content, message):
    path = put(content)
    with pytest.raises(FileError) as caught:
        scan("app", path)
    assert str(caught.value).startswith(f"source 'app': {path} {message}")


def test_a_long_document_is_read_piece_by_piece(put, monkeypatch):
    monkeypatch.setattr("idgraph.engines.files.records._BLOCK", 7)
    records = [{"id": str(number), "text": "x" * number} for number in range(60)]
    opened = scan("app", put(json.dumps(records)))
    assert values(opened, "id", "text") == [(record["id"], record["text"] or "") for record in records]


def test_another_encoding_is_honoured(put):
    opened = scan("app", put('{"name": "Zoë"}\n'.encode("cp1252")), encoding="cp1252")
    assert values(opened, "name") == [("Zoë",)]
