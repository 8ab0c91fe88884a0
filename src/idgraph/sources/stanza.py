"""The lines of `idgraph.toml` that would map a file nobody knows, by the names of its columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from idgraph.schema import KINDS

__all__ = ["stanza"]

_OWN: Final = ("id", "uuid", "guid", "record_id", "hs_object_id")
_CREATED: Final = ("created_at", "createdat", "created_date", "createddate", "createdate", "created")
_CHANGED: Final = (
    "updated_at",
    "updatedat",
    "last_updated_at",
    "last_modified_date",
    "lastmodifieddate",
    "system_modstamp",
    "updated",
    "_fivetran_start",
)
_TIMES: Final = ("timestamp", "event_time", "received_at", "collector_tstamp", "time", "at", "date")
_TIME_ENDINGS: Final = ("_at", "timestamp", "_tstamp", "_time", "_date")
# Identifier types, and what columns of their values are called; the first that is there is taken.
_IDENTIFIERS: Final[dict[str, tuple[str, ...]]] = {
    "app.user_id": ("user_id",),
    "email": ("email", "email_address", "work_email", "agent_email", "user_email"),
    "phone": ("phone", "phone_number", "mobile_phone", "mobilephone"),
    "device": ("anonymous_id", "device_id", "domain_userid", "user_pseudo_id"),
    "domain": ("domain", "domain_name", "website", "website_url"),
}
# A file of what happened, or of what belongs together, has an id of something else many times over.
_REPEATS: Final = re.compile(r"event|history|log|member|audit|tag")
_FEW: Final = 8
_ATTRIBUTES: Final = ("full_name", "first_name", "last_name", "title")


def stanza(path: Path, columns: Sequence[str]) -> str:
    """Write the lines of `idgraph.toml` that would map a file, as far as the names of its columns tell.

    Args:
        path: the file, relative to the folder of `idgraph.toml`.
        columns: its columns, dotted for JSON.

    Returns:
        Valid TOML; what a person has to decide stands in comments.

    >>> print(stanza(Path("crm.csv"), ["id", "Email", "created_at"]))
    [[source]]
    name = "crm"
    kind = "contact"  # or visitor, user, clickstream, lead, tenant, crm_account, company
    data = "crm.csv"
    id = "id"
    time = "created_at"
    identifiers = { email = "Email" }
    """
    names = _by_last_part(columns)
    found = {kind: column for kind, words in _IDENTIFIERS.items() if (column := _first(names, words))}
    own = _own_id(path, names, is_log=bool({"app.user_id", "device"} & set(found)))
    identifiers = {kind: column for kind, column in found.items() if column != own}
    time, version = _first(names, _CREATED), _first(names, _CHANGED) if own else None
    if not (time or version):
        time = _first(names, _TIMES) or _ending(names, _TIME_ENDINGS)
    attributes: dict[str, str] = {name: names[name] for name in _ATTRIBUTES if name in names}
    lines = [
        "[[source]]",
        f"name = {_quoted(_name(path))}",
        f'kind = "contact"  # or {", ".join(kind for kind in KINDS if kind != "contact")}',
        f"data = {_quoted(path.as_posix())}",
        f"id = {_quoted(own)}" if own else '# id = "…"  # the column of its own ids; without one its rows are events',
        *([f"time = {_quoted(time)}"] if time else [] if own else ['# time = "…"  # when an event happened']),
        *([f"version = {_quoted(version)}"] if version else []),
        f"identifiers = {_table(identifiers)}"
        + ("" if identifiers else f'  # such as email = "…"{_ids(columns, own)}'),
        *([f"attributes = {_table(attributes)}"] if attributes else []),
    ]
    return "\n".join(lines)


def _by_last_part(columns: Sequence[str]) -> dict[str, str]:
    """Columns by their names in lower case; `properties.email` and `property_email` also go by `email`."""
    names = {column.lower(): column for column in reversed(columns)}
    for column in columns:
        names.setdefault(re.sub(r"^(properties\.|property_)", "", column.lower()), column)
    return names


def _own_id(path: Path, names: dict[str, str], *, is_log: bool) -> str | None:
    """The column of a file's own ids: `id`, or `deal_id` in a file that is named after deals and nothing else."""
    of_file = [f"{word.removesuffix('s')}_id" for word in re.split(r"[^a-z0-9]+", path.name.lower())]
    rows_repeat = is_log or _REPEATS.search(path.name.lower()) or sum(name in names for name in of_file) > 1
    return _first(names, _OWN if rows_repeat else (*_OWN, *of_file))


def _ids(columns: Sequence[str], own: str | None) -> str:
    """The columns that by their names hold ids, for a person to choose from."""
    ids = [column for column in columns if column.lower().endswith("_id") and column != own and column[:1] != "_"]
    return f"; the ids here: {', '.join(ids[:_FEW])}" if ids else ""


def _first(names: dict[str, str], wanted: Iterable[str]) -> str | None:
    return next((names[name] for name in wanted if name in names), None)


def _ending(names: dict[str, str], endings: tuple[str, ...]) -> str | None:
    return next((names[name] for name in names if name.endswith(endings)), None)


def _name(path: Path) -> str:
    """A source's name from the last folder and the file's name, without what changes from day to day."""
    stem = re.sub(r"[-_.]?\d{4}([-_.]?\d{2}){1,2}.*$", "", path.name.split(".")[0])
    words = "_".join([*path.parts[-2:-1], stem]).lower()
    name = re.sub(r"[^a-z0-9]+", "_", words).strip("_")
    return name if name[:1].isalpha() else f"source_{name}".rstrip("_")


def _table(pairs: dict[str, str]) -> str:
    inside = ", ".join(
        f"{key if key.isidentifier() else _quoted(key)} = {_quoted(column)}" for key, column in pairs.items()
    )
    return f"{{ {inside} }}" if inside else "{}"


def _quoted(text: str) -> str:
    """A TOML basic string, which is a JSON string but for the control character DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
