"""A seeded workload for the exact path: four exports of any number of records, and who is who in them.

What people hold follows from their number, so that no table of everyone's strings is ever held. The columns are spelled
as exports spell them; about one value in a hundred is junk that must not link.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from idgraph.datasets.names import FAMILY, FREE_MAIL, GIVEN, fold, words

__all__ = ["make"]

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Rng = np.random.Generator

_PEOPLE: Final = 0.67  # people a record; about a fifth of them left none
_TWICE: Final = 0.02  # users who signed up twice, contacts that were entered twice
_DEVICES: Final = 3  # at most, for one person
_NOBODY: Final = -1  # the code of a cell that is empty or junk


def _plain(name: str) -> str:
    return "".join(letter for letter in fold(name).lower() if letter.isalpha())


# One name for each spelling in ASCII, so that no two people get one address.
_FIRST: Final = {_plain(name): name for names in GIVEN.values() for name in names}
_LAST: Final = {_plain(name): name for names in FAMILY.values() for name in names}
_MAIL: Final = sorted(set(FREE_MAIL["any"]))
_HEADS: Final = words("north blue red alpha bright clear core data deep ever fast fox gold green iron key lake light")
_TAILS: Final = words("works soft labs metrics cloud forge stack flow point bridge mind wave grid scale desk hub line")
_TOPS: Final = ("com", "com", "com", "io", "co", "de", "co.uk", "fr")

_ROLES: Final = ("info", "sales", "support", "office", "contact")
_FAKE_MAIL: Final = ("test@test.com", "none@none.com", "noemail@example.com", "no@no.no", "asdf@asdf.com")
_FAKE_PHONE: Final = ("0000000000", "1234567890", "+10000000000", "9999999999", "555-5555")
_ABSENT: Final = ("", "NULL", "n/a", "-")

_HEX: Final = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_OPENED: Final = np.datetime64("2022-01-01", "s").astype(np.int64)
_SECONDS: Final = 4 * 365 * 86_400


@dataclass(frozen=True)
class _People:
    """Everyone, by number: places in the lists of names, company, and place among namesakes there."""

    first: Ints
    last: Ints
    company: Ints
    namesake: Ints

    @property
    def count(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class _Cells:
    """One column of identifiers, the code of the value that each cell holds, and how many cells are junk."""

    text: pl.Series
    code: Ints
    junk: int


@dataclass(frozen=True)
class _Table:
    """One export: its columns, the person of each row, and the identifiers by type."""

    columns: dict[str, pl.Series]
    person: Ints
    held: Mapping[str, _Cells]

    @property
    def frame(self) -> pl.DataFrame:
        return pl.DataFrame(self.columns)


def make(records: int, folder: str, seed: int = 0) -> dict[str, Any]:
    """Write the workload as Parquet: the tables, `truth.parquet` and `edges.parquet`.

    The truth has a row for each record, in the order of the tables: record_id, entity_id (the person), reachable_id
    (all that the record's own values can join it to: no exact method finds more). The edges join each record to the
    first that holds a value of the same person's too: left, right (places in the truth).

    Args:
        records: how many rows the tables have together.
        folder: replaced if it exists.
        seed: the same seed gives the same tables.

    Returns:
        records, values (of identifiers), junk (of those), people, edges, bytes (of the tables).
    """
    rng = np.random.default_rng(seed)
    people = _everyone(rng, round(records * _PEOPLE))
    home = Path(folder)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    ids: list[pl.DataFrame] = []
    persons: list[Ints] = []
    held: list[pl.DataFrame] = []
    size = junk = begun = 0
    for name, (share, build) in _TABLES.items():
        table = build(rng, people, round(records * share))
        path = home / f"{name}.parquet"
        table.frame.write_parquet(path)
        size += path.stat().st_size
        junk += sum(cells.junk for cells in table.held.values())
        ids.append(table.frame.select(pl.format(name + ":{}", pl.first()).alias("record_id")))
        persons.append(table.person)
        held += [_held(kind, cells.code, begun) for kind, cells in table.held.items()]
        begun += len(table.person)
    edges = _edges(pl.concat(held))
    truth = pl.concat(ids).with_columns(entity_id=np.concatenate(persons))
    truth = truth.with_columns(reachable_id=_reachable(edges, truth.height))
    truth.write_parquet(home / "truth.parquet")
    edges.write_parquet(home / "edges.parquet")
    return {
        "records": truth.height,
        "values": sum(part.height for part in held) + junk,
        "junk": junk,
        "people": truth["entity_id"].n_unique(),
        "edges": edges.height,
        "bytes": size,
    }


def _held(kind: str, code: Ints, begun: int) -> pl.DataFrame:
    """The cells that name somebody: record, kind, code."""
    record = np.flatnonzero(code != _NOBODY)
    return pl.select(record=pl.Series(record + begun, dtype=pl.UInt32), kind=pl.lit(kind), code=pl.Series(code[record]))


def _edges(held: pl.DataFrame) -> pl.DataFrame:
    first = pl.col("record").min().over("kind", "code")
    return held.select(left="record", right=first).filter(pl.col("left") != pl.col("right"))


def _reachable(edges: pl.DataFrame, records: int) -> npt.NDArray[np.int32]:
    ends = (edges["left"].to_numpy(), edges["right"].to_numpy())
    graph = coo_array((np.ones(edges.height, dtype=np.int8), ends), shape=(records, records))
    return connected_components(graph, directed=False)[1]


# ------------------------------------------------------------------------------------------------------------- people


def _everyone(rng: Rng, count: int) -> _People:
    sizes = np.ceil(rng.lognormal(1.6, 1.3, count // 4 + 1)).clip(1, 5_000)
    company = np.searchsorted(np.cumsum(sizes), np.arange(count), side="right")
    first, last = rng.integers(0, len(_FIRST), count), rng.integers(0, len(_LAST), count)
    named = pl.DataFrame({"company": company, "first": first, "last": last})
    namesake = named.select(pl.int_range(pl.len()).over("company", "first", "last")).to_series()
    return _People(first, last, company, namesake.to_numpy())


def _domains(company: Ints) -> pl.Series:
    """A company's own domain, of two words and a number."""
    words = _gather(_HEADS, company) + _gather(_TAILS, company // len(_HEADS))
    number = pl.Series(company // (len(_HEADS) * len(_TAILS))).cast(pl.String)
    return words + number + "." + _gather(_TOPS, company)


def _addresses(people: _People, person: Ints, private: Bools) -> pl.Series:
    """A person's address at work or at home; nobody else has it."""
    first = _gather(list(_FIRST), people.first[person])
    last = _gather(list(_LAST), people.last[person])
    namesake = people.namesake[person]
    suffix = _where(namesake > 0, pl.Series(namesake).cast(pl.String), "")
    work = first + "." + last + suffix + "@" + _domains(people.company[person])
    return _where(private, first + last + pl.Series(person).cast(pl.String) + "@" + _gather(_MAIL, person), work)


def _spelled(rng: Rng, address: pl.Series) -> pl.Series:
    """The same address, as people and forms write it."""
    draw = rng.random(len(address))
    tagged = address.str.replace("@", "+news@", literal=True)
    text = _where(draw < 0.20, address.str.to_titlecase(), address)
    text = _where(draw < 0.06, address.str.to_uppercase(), text)
    text = _where(draw < 0.03, tagged, text)
    return _where(draw < 0.01, address + " ", text)


def _numbers(person: Ints) -> tuple[pl.Series, pl.Series]:
    """A person's mobile number: in E.164, and as it is dialled in the United States (null for numbers elsewhere)."""
    spread = person * 1_000_000_007 % (354 * 355 * 10_000)  # one to one: area and exchange below 555, which is fiction
    area, exchange, line = spread // 3_550_000 + 201, spread // 10_000 % 355 + 200, spread % 10_000
    frame = pl.DataFrame({"area": area, "exchange": exchange, "line": line, "person": person})
    last = pl.format("{}", "line").str.zfill(4)
    home = frame.select(
        pl.when(pl.col("person") % 5 > 0).then(pl.format("({}) {}-{}", "area", "exchange", last))
    ).to_series()
    number = pl.format("{}{}{}", "area", "exchange", last)
    mobile = pl.format("+447{}", (400_000_000 + pl.col("person")).cast(pl.String))
    whole = frame.select(pl.when(pl.col("person") % 5 > 0).then(pl.format("+1{}", number)).otherwise(mobile))
    return whole.to_series(), home


def _full_names(rng: Rng, people: _People, person: Ints) -> pl.Series:
    """A person's name in one field, as different systems hold it; some have none."""
    first = _gather(list(_FIRST.values()), people.first[person])
    last = _gather(list(_LAST.values()), people.last[person])
    draw = rng.random(len(person))
    name = _where(draw < 0.92, first + " " + last, None)
    name = _where(draw < 0.18, (first + " " + last).str.to_uppercase(), name)
    name = _where(draw < 0.13, (first + " " + last).str.to_lowercase(), name)
    name = _where(draw < 0.08, first.str.slice(0, 1) + ". " + last, name)
    return _where(draw < 0.03, last + ", " + first, name)


def _two_names(rng: Rng, people: _People, person: Ints, nameless: float) -> dict[str, pl.Series]:
    first = _gather(list(_FIRST.values()), people.first[person])
    last = _gather(list(_LAST.values()), people.last[person])
    draw, missing = rng.random(len(person)), rng.random(len(person)) < nameless
    first = _where(draw < 0.10, first.str.slice(0, 1) + ".", first)
    first = _where(draw < 0.04, first.str.to_uppercase(), first)
    last = _where(draw < 0.04, last.str.to_uppercase(), last)
    return {"first_name": _where(missing, None, first), "last_name": _where(missing, None, last)}


# -------------------------------------------------------------------------------------------------------------- cells


def _cells(rng: Rng, text: pl.Series, code: Ints, filled: float, junk: Sequence[tuple[float, pl.Series]]) -> _Cells:
    """Spoil a share of the cells with junk, and empty those beyond the share that is filled."""
    draw, spoilt = rng.random(len(code)), np.zeros(len(code), dtype=bool)
    for share, other in junk:
        mask = draw < share
        text, draw = _where(mask, other, text), draw - share + 2 * mask  # a spoilt cell is spoilt once
        spoilt |= mask
    empty = rng.random(len(code)) >= filled
    said = _where(rng.random(len(code)) < 0.02, _gather(_ABSENT, rng.integers(0, len(_ABSENT), len(code))), None)
    return _Cells(_where(empty, said, text), np.where(empty | spoilt, _NOBODY, code), int((spoilt & ~empty).sum()))


def _emails(rng: Rng, people: _People, person: Ints, private: float, filled: float) -> _Cells:
    at_home = rng.random(len(person)) < private
    role = _gather(_ROLES, rng.integers(0, len(_ROLES), len(person))) + "@" + _domains(people.company[person])
    fake = _gather(_FAKE_MAIL, rng.integers(0, len(_FAKE_MAIL), len(person)))
    text = _spelled(rng, _addresses(people, person, at_home))
    return _cells(rng, text, person * 2 + at_home, filled, [(0.006, role), (0.004, fake)])


def _phones(rng: Rng, people: _People, person: Ints, filled: float) -> _Cells:
    whole, home = _numbers(person)
    draw = rng.random(len(person))
    text = _where(draw < 0.35, pl.select(pl.coalesce(home, whole)).to_series(), whole)
    text = _where(draw < 0.10, home.str.replace(r"\((...)\) ", "${1}-"), text)
    text = _where(text.is_null(), whole, text)
    switchboard = _numbers((people.count + people.company[person]) * 5 + 1)[0]
    fake = _gather(_FAKE_PHONE, rng.integers(0, len(_FAKE_PHONE), len(person)))
    return _cells(rng, text, person, filled, [(0.01, switchboard), (0.006, fake)])


def _devices(rng: Rng, people: _People, person: Ints, filled: float) -> _Cells:
    """Mostly a person's first device; seldom one in a shop, where many sign in."""
    which = np.searchsorted([0.85, 0.95], rng.random(len(person)))
    code = person * _DEVICES + which
    kiosks = people.count // 2_000 + 1
    kiosk = rng.integers(0, kiosks, len(person)) + people.count * _DEVICES
    return _cells(rng, _hexes(code), code, filled, [(0.005, _hexes(kiosk))])


def _user_ids(code: Ints) -> pl.Series:
    return pl.select(pl.format("u_{}", pl.Series(code * 2_654_435_761 % 4_294_967_291))).to_series()


def _times(rng: Rng, size: int) -> pl.Series:
    seconds = _OPENED + rng.integers(0, _SECONDS, size)
    return pl.Series(seconds * 1_000_000).cast(pl.Datetime("us", "UTC"))


# ------------------------------------------------------------------------------------------------------------- tables


def _app_users(rng: Rng, people: _People, size: int) -> _Table:
    person, again = _mostly_once(rng, people, size)
    user = person + again * people.count
    email, device = _emails(rng, people, person, 0.2, 0.78), _devices(rng, people, person, 0.62)
    columns = {
        "user_id": _user_ids(user),
        "email": email.text,
        "name": _full_names(rng, people, person),
        "signup_device_id": device.text,
        "created_at": _times(rng, size),
    }
    own = _Cells(columns["user_id"], user, 0)
    return _Table(columns, person, {"app.user_id": own, "email": email, "device": device})


def _crm_contacts(rng: Rng, people: _People, size: int) -> _Table:
    person, _ = _mostly_once(rng, people, size)
    email, phone = _emails(rng, people, person, 0.05, 0.78), _phones(rng, people, person, 0.64)
    columns = {
        "id": _hexes(rng.permutation(size) + (1 << 40)),
        **_two_names(rng, people, person, 0.03),
        "email": email.text,
        "phone": phone.text,
        "created_at": _times(rng, size),
    }
    return _Table(columns, person, {"email": email, "phone": phone})


def _crm_leads(rng: Rng, people: _People, size: int) -> _Table:
    person = rng.integers(0, people.count, size)
    email, phone = _emails(rng, people, person, 0.15, 0.78), _phones(rng, people, person, 0.62)
    device = _devices(rng, people, person, 0.62)
    columns = {
        "id": pl.Series(rng.permutation(size) + 100_000),
        **_two_names(rng, people, person, 0.10),
        "email": email.text,
        "phone": phone.text,
        "form_device_id": device.text,
        "created_at": _times(rng, size),
    }
    return _Table(columns, person, {"email": email, "phone": phone, "device": device})


def _web_visitors(rng: Rng, people: _People, size: int) -> _Table:
    """Some people come more often than others; most have said who they are."""
    person = rng.permutation(people.count)[(rng.random(size) ** 1.3 * people.count).astype(np.int64)]
    device = _devices(rng, people, person, 0.80)
    user = _cells(rng, _user_ids(person), person, 0.76, [])
    columns = {
        "id": _hexes(rng.permutation(size) + (1 << 41)),
        "device_id": device.text,
        "user_id": user.text,
        "first_seen_at": _times(rng, size),
    }
    return _Table(columns, person, {"device": device, "app.user_id": user})


_TABLES: Final[dict[str, tuple[float, Callable[[Rng, _People, int], _Table]]]] = {
    "app_users": (0.2, _app_users),
    "crm_contacts": (0.2, _crm_contacts),
    "crm_leads": (0.2, _crm_leads),
    "web_visitors": (0.4, _web_visitors),
}


def _mostly_once(rng: Rng, people: _People, size: int) -> tuple[Ints, Bools]:
    """Draw people once, and a few of them again; whose row is the second, the mask says."""
    twice = round(size * _TWICE)
    once = rng.permutation(people.count)[: size - twice]
    again = np.arange(size) >= len(once)
    order = rng.permutation(size)
    return np.concatenate([once, once[:twice]])[order], again[order]


# ------------------------------------------------------------------------------------------------------------ columns


def _where(mask: Bools | pl.Series, yes: pl.Series | str | None, no: pl.Series | str | None) -> pl.Series:
    return pl.select(pl.when(pl.Series(mask)).then(pl.lit(yes)).otherwise(pl.lit(no)).cast(pl.String)).to_series()


def _gather(words: Sequence[str], place: Ints) -> pl.Series:
    """The words at these places; counting starts again after the last."""
    return pl.Series(words).gather(place % len(words))


def _hexes(code: Ints) -> pl.Series:
    """A text of 32 hexadecimal digits for each code, alike for like codes."""
    halves = np.stack([_mixed(code.astype(np.uint64)), _mixed(~code.astype(np.uint64))], axis=1)
    octets = halves.view(np.uint8)
    digits = np.stack([_HEX[octets >> 4], _HEX[octets & 15]], axis=2).reshape(len(code), 32)
    return pl.Series(digits.view("S32").ravel().tolist(), dtype=pl.Binary).cast(pl.String)


def _mixed(number: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64 (Steele, Lea and Flood, 2014): one to one, and looks random."""
    number = number + np.uint64(0x9E3779B97F4A7C15)
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return number ^ (number >> np.uint64(31))
