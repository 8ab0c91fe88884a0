r"""Address a value in a record: a column, a field of a struct column, or a path into JSON text.

An address is the words a person would write: `email`, `metadata.external_id`, `properties.$device_id`. A dot separates
levels; a key that itself contains a dot is written with `\.`, a backslash in a key with `\\`. A column whose whole name
is the address comes first, so `address.city` may simply be a column.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
from polars._typing import PolarsDataType

from idgraph.engines.files.parts import FILE, JSON, ROW

_LEVELS = re.compile(r"((?:[^.\\]|\\.)*)(?:\.|$)", re.DOTALL)
# What becomes of an integer beyond 64 bits and of a long decimal once it has been a float.
_EXPONENT = r"^-?\d+(\.\d+)?e[+-]?\d+$"
_DECIMAL = r"^-?\d+\.\d+$"


def split_address(address: str) -> list[str]:
    r"""Split an address into keys.

    >>> split_address(r"properties.utm\.source")
    ['properties', 'utm.source']
    """
    keys = [re.sub(r"\\(.)", r"\1", match[1]) for match in _LEVELS.finditer(address)]
    return keys[: address.replace("\\\\", "").replace("\\.", "").count(".") + 1]


def join_address(keys: Iterable[str]) -> str:
    r"""Write keys as an address.

    >>> join_address(["properties", "utm.source"])
    'properties.utm\\.source'
    """
    return ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in keys)


def json_field(column: pl.Expr, address: str) -> pl.Expr:
    """Read one field of the JSON text in a column.

    Args:
        column: String, one JSON object each; text that is not JSON gives null.
        address: the way to the field, levels separated by dots.

    Returns:
        String: text as it is, true and false, integers with all their digits, decimals in their shortest form (1.10 as
        1.1), objects and lists as JSON text; null where the field is missing or null. Of a key given twice the last
        counts.

    >>> frame = pl.DataFrame({"j": ['{"id": 36893488147419103233, "properties": {"$email": "ana@acme.io"}}', "{}"]})
    >>> frame.select(
    ...     json_field(pl.col("j"), "id").alias("id"), json_field(pl.col("j"), "properties.$email").alias("email")
    ... ).rows()
    [('36893488147419103233', 'ana@acme.io'), (None, None)]
    """
    keys = split_address(address)
    path = "$" + "".join("['" + key.replace("'", "\\'") + "']" for key in keys)

    def read(texts: pl.Series) -> pl.Series:
        if any("\\" in key for key in keys):  # which the path language cannot write
            return pl.Series(texts.name, [_read_slowly(text, keys) for text in texts], dtype=pl.String)
        found = texts.str.json_path_match(path)
        inexact = found.str.contains(_EXPONENT) | ((found.str.len_bytes() > 15) & found.str.contains(_DECIMAL))
        if not inexact.any():
            return found
        places = inexact.fill_null(value=False).arg_true()
        return found.scatter(places, [_read_slowly(text, keys, digits=True) for text in texts.gather(places)])

    return column.map_batches(read, return_dtype=pl.String, is_elementwise=True)


def _read_slowly(text: str | None, keys: list[str], *, digits: bool = False) -> str | None:
    """Read a field with Python: for keys and numbers that the fast way cannot; a number's own digits where asked."""
    try:
        value: Any = json.loads(text or "", parse_int=str if digits else None, parse_float=str if digits else None)
        for key in keys:
            value = value[key]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def column_expr(schema: Mapping[str, pl.DataType], address: str, known: Iterable[str] = ()) -> pl.Expr:
    """Find the column, struct field or JSON field that an address means.

    Tried in this order: a column of that name; the longest beginning that names a struct column (then its field) or a
    String column (then a field of the JSON text in it); a field of `__json`, the records of JSON files. A name is
    taken as written, or ignoring case where only one fits so.

    Args:
        schema: the columns of the frame.
        address: what a person wrote.
        known: addresses seen in JSON records (`Scan.columns`); where given, others are refused.

    Returns:
        An expression named after the address.

    Raises:
        KeyError: nothing fits; what there is, in words, and a list of close matches, for the caller's error.

    >>> schema = {"Id": pl.String(), "metadata": pl.String()}
    >>> frame = pl.DataFrame({"Id": ["cus_1"], "metadata": ['{"external_id": "u_7"}']})
    >>> frame.select(column_expr(schema, "id"), column_expr(schema, "metadata.external_id")).row(0)
    ('cus_1', 'u_7')
    """
    known = list(known)
    names = [name for name in schema if name not in {FILE, ROW, JSON}]
    found = _resolve(schema, names, address)
    if found is None and JSON in schema:
        name = pick(known, address) if known else address
        found = None if name is None else json_field(pl.col(JSON), name)
    if found is None:
        there = list(dict.fromkeys([*names, *known]))
        raise KeyError(_close_to(address, there), difflib.get_close_matches(address, there))
    return found.alias(address)


def _close_to(address: str, names: list[str]) -> str:
    close = difflib.get_close_matches(address, names, n=3) or names[:12]
    more = f" and {len(names) - 12} more" if len(close) == 12 and len(names) > 12 else ""
    return f"There is: {', '.join(repr(name) for name in close)}{more}."


def pick(names: Iterable[str], wanted: str) -> str | None:
    """Choose the name that is wanted, or the only one that differs from it in case alone.

    >>> pick(["Id", "Email"], "email"), pick(["ID", "Id"], "id")
    ('Email', None)
    """
    names = list(names)
    if wanted in names:
        return wanted
    alike = [name for name in names if name.casefold() == wanted.casefold()]
    return alike[0] if len(alike) == 1 else None


def _resolve(schema: Mapping[str, pl.DataType], names: list[str], address: str) -> pl.Expr | None:
    if whole := pick(names, address):
        return pl.col(whole)
    keys = split_address(address)
    for length in range(len(keys) - 1, 0, -1):
        name = pick(names, ".".join(keys[:length]))
        if name and (found := _within(pl.col(name), schema[name], keys[length:])) is not None:
            return found
    return None


def _within(column: pl.Expr, dtype: PolarsDataType, keys: list[str]) -> pl.Expr | None:
    """Go down the keys, through structs as far as they reach, then into JSON text."""
    if not keys:
        return column
    if isinstance(dtype, pl.Struct):
        fields = {field.name: field.dtype for field in dtype.fields}
        for length in range(len(keys), 0, -1):
            name = pick(fields, ".".join(keys[:length]))
            if name:
                return _within(column.struct.field(name), fields[name], keys[length:])
        return None
    return json_field(column, join_address(keys)) if dtype == pl.String else None


def leaf_addresses(record: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterable[str]:
    """List the addresses of a record's values; lists and empty objects are values.

    >>> list(leaf_addresses({"id": 1, "properties": {"$email": None, "tags": [1]}}))
    ['id', 'properties.$email', 'properties.tags']
    """
    for key, value in record.items():
        if isinstance(value, dict) and value:
            yield from leaf_addresses(value, (*above, key))
        else:
            yield join_address((*above, key))


def schema_addresses(schema: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterable[str]:
    """List the columns of a frame, and the fields of its struct columns as addresses.

    >>> list(schema_addresses({"id": pl.Int64(), "p": pl.Struct({"email": pl.String()})}))
    ['id', 'p', 'p.email']
    """
    for name, dtype in schema.items():
        yield join_address((*above, name)) if above else name
        if isinstance(dtype, pl.Struct):
            yield from schema_addresses({field.name: field.dtype for field in dtype.fields}, (*above, name))
