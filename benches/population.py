"""Made-up people to match without ids: names, birthdays, addresses, and dirty copies of some of them.

Frequencies fall off as those of real names and towns do (Zipf and Mandelbrot), families share a surname and an address,
and what is wrong with a copy was drawn without regard to how any tool compares.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from benches.harness import prepared
from idgraph.datasets.draw import chance, choose, order_within, typo, when
from idgraph.datasets.names import FAMILY, FREE_MAIL, GIVEN, HANDLES, NICKNAMES, fold, words

__all__ = ["Population", "make"]

Ints = npt.NDArray[np.int64]
Rng = np.random.Generator

_COPIES: Final = 0.25  # of the rows
_FAMILIES: Final = 0.2  # people who have the surname and the address of the one before them
_GIVEN_NAMES, _FAMILY_NAMES, _TOWNS, _POSTCODES = 2_000, 30_000, 1_500, 40_000

_STARTS: Final = words("Ab Al An Bar Bel Bor Car Cor Dal Del El Far Fen Gar Gol Hal Har Hol Jan Kel Kor Lam Lin Mar Ro")
_MIDDLES: Final = words("a e i o u an el er in on ar il en ol und ing ast ev")
_JOINTS: Final = words("b d k l m n r s t v")
_FAMILY_ENDS: Final = words("ach erg y ale ez er ield ord ren art insky o and ein an ova ovic uist ie os")
_GIVEN_ENDS: Final = words("a ah ana ela eth ia ie ine io is yn o on ick us")
_TOWN_ENDS: Final = words("burg bury dorf ford ham haven heim mouth port stad ton ville wick worth")
_ADDRESS_FORMS: Final = {0: 0.34, 1: 0.16, 2: 0.14, 3: 0.14, 4: 0.12, 5: 0.1}

# What is wrong with a copy: how often each column is, whatever the others are.
_GIVEN_SLIPS: Final = {"": 0.76, "typo": 0.09, "nickname": 0.08, "initial": 0.04, "missing": 0.03}
_FAMILY_SLIPS: Final = {"": 0.84, "typo": 0.1, "another": 0.04, "missing": 0.02}
_BORN_SLIPS: Final = {"": 0.83, "digit": 0.06, "day and month": 0.03, "missing": 0.08}
_EMAIL_SLIPS: Final = {"": 0.52, "typo": 0.04, "another": 0.2, "missing": 0.24}
_PLACE_SLIPS: Final = {"": 0.78, "moved": 0.14, "mistyped": 0.04, "missing": 0.04}
_SWAPPED: Final = 0.03  # given name and surname
_MISSING: Final = {"born": 0.03, "email": 0.15, "postcode": 0.04}  # of each person's first row


@dataclass(frozen=True)
class Population:
    """One size of it.

    Attributes:
        rows: how many.
    """

    rows: int

    @property
    def table(self) -> Path:
        """id, first_name, last_name, born, email, city, postcode (String)."""
        return self._folder / "people.parquet"

    @property
    def truth(self) -> Path:
        """record_id, entity_id (String)."""
        return self._folder / "truth.parquet"

    @property
    def _folder(self) -> Path:
        return Path(__file__).parent / "data" / f"people-{self.rows}"

    def ensure(self) -> dict[str, Any]:
        """Make it, unless it is there as the present generator makes it; say what it holds."""
        given = {"rows": self.rows, "folder": str(self._folder)}
        return prepared(self._folder, Path(__file__), "benches.population:make", given)


def make(rows: int, folder: str, seed: int = 0) -> dict[str, Any]:
    """Write `people.parquet` and `truth.parquet`, rows shuffled.

    Args:
        rows: how many.
        folder: replaced if it exists.
        seed: the same seed gives the same rows.

    Returns:
        rows, people, pairs (of rows of one person).
    """
    rng = np.random.default_rng(seed)
    copies = round(rows * _COPIES)
    people = _people(rng, rows - copies)
    of_copy = rng.integers(0, people.height, copies)
    addresses = _emails(rng, pl.concat([people, people[of_copy]]))
    people = people.with_columns(email=addresses.head(people.height))
    first = people.with_columns(
        when(chance(rng, people.height, share), None, people[name]).alias(name) for name, share in _MISSING.items()
    )
    table = pl.concat([first, _dirty(rng, people[of_copy], people, addresses.tail(copies))])
    order = rng.permutation(rows)
    person = np.concatenate([np.arange(people.height), of_copy])[order]
    ids = pl.select(id=pl.format("r{}", pl.int_range(rows)))
    truth = ids.select(record_id="id", entity_id=pl.format("p{}", pl.Series(person)))
    home = Path(folder)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    pl.concat([ids, table[order]], how="horizontal").write_parquet(home / "people.parquet")
    truth.write_parquet(home / "truth.parquet")
    sizes = np.bincount(person)
    return {"rows": rows, "people": len(sizes), "pairs": int((sizes * (sizes - 1) // 2).sum())}


# ------------------------------------------------------------------------------------------------------------- people


def _people(rng: Rng, count: int) -> pl.DataFrame:
    """Everyone as they are: first_name, last_name, born, email (yet null), city, postcode."""
    home = np.maximum.accumulate(np.where(chance(rng, count, _FAMILIES), 0, np.arange(count)))
    first = _drawn(rng, _GIVEN_NAMES, count, beyond=12, power=1.1)
    last = _drawn(rng, _FAMILY_NAMES, count, beyond=15, power=1.0)[home]
    postcode = _drawn(rng, _POSTCODES, count, beyond=300, power=0.6)[home]
    people = pl.DataFrame(
        {
            "first_name": _vocabulary(_flat(GIVEN), _GIVEN_ENDS, _GIVEN_NAMES).gather(first),
            "last_name": _vocabulary(_flat(FAMILY), _FAMILY_ENDS, _FAMILY_NAMES).gather(last),
            "born": _birthdays(rng, count),
        }
    )
    return people.with_columns(email=pl.lit(None, pl.String), **_addresses(postcode))


def _drawn(rng: Rng, size: int, count: int, *, beyond: float, power: float) -> Ints:
    """Draw places of a list; how often each comes is a power of its rank and a constant."""
    edges = np.cumsum((np.arange(size) + beyond) ** -power)
    return np.searchsorted(edges, rng.random(count) * edges[-1]).clip(max=size - 1)


def _flat(lists: dict[str, tuple[str, ...]]) -> list[str]:
    return [fold(name) for names in lists.values() for name in names]


def _vocabulary(known: Sequence[str], ends: Sequence[str], size: int) -> pl.Series:
    """Names: known ones first, which are the commonest, then made-up ones."""
    parts = ["".join(some) for some in product(_STARTS, _MIDDLES, _JOINTS, ends)]
    made = np.random.default_rng(1).permutation(parts).tolist()
    return pl.Series([*known, *made], dtype=pl.String).unique(maintain_order=True).head(size)


def _birthdays(rng: Rng, count: int) -> pl.Series:
    """Days as texts; fewer people are old."""
    age = 18 + rng.beta(1.4, 2.2, count) * 77
    days = np.datetime64("2026-01-01") - (age * 365.25).astype("timedelta64[D]")
    return pl.Series(days).cast(pl.Date).dt.to_string("%Y-%m-%d")


def _addresses(postcode: Ints) -> dict[str, pl.Series]:
    """Towns and postcodes; a large town has many postcodes."""
    rng = np.random.default_rng(2)
    town = np.sort(_drawn(rng, _TOWNS, _POSTCODES, beyond=5, power=1.0))
    place = rng.permutation(_POSTCODES)[postcode]  # else the largest town would have the commonest postcodes
    cities = _vocabulary([], _TOWN_ENDS, _TOWNS).gather(town[place])
    return {"city": cities, "postcode": pl.Series(10_000 + 2 * place).cast(pl.String)}


def _emails(rng: Rng, people: pl.DataFrame) -> pl.Series:
    """An address each; one that is taken gets a number."""
    first, last = (people[name].str.to_lowercase().str.replace_all("[^a-z]", "") for name in people.columns[:2])
    year = people["born"].str.slice(2, 2)
    handle = choose(rng, dict.fromkeys(HANDLES, 1.0), len(first))
    forms = [first + "." + last, first + last, first.str.slice(0, 1) + last, first + year, last + year, handle + year]
    draw = rng.choice(len(forms), len(first), p=list(_ADDRESS_FORMS.values()))
    local = pl.DataFrame({str(form): text for form, text in enumerate(forms)}).select(
        pl.coalesce(pl.when(pl.Series(draw) == form).then(str(form)) for form in _ADDRESS_FORMS)
    )
    text, domain = local.to_series(), choose(rng, dict.fromkeys(FREE_MAIL["any"], 1.0), len(first))
    taken = order_within(text + "@" + domain)
    return text + when(taken > 0, taken.cast(pl.String), "") + "@" + domain


# ------------------------------------------------------------------------------------------------------- dirty copies


def _dirty(rng: Rng, clean: pl.DataFrame, others: pl.DataFrame, second: pl.Series) -> pl.DataFrame:
    """Write people down once more, with what goes wrong; some give their second address."""
    size = clean.height
    stranger = others[rng.integers(0, others.height, size)]
    first, last, born, email, city, postcode = clean.get_columns()
    slip = choose(rng, _GIVEN_SLIPS, size)
    first = _slipped(slip, "typo", typo(rng, first), first)
    first = _slipped(slip, "nickname", _nicknames(rng, first), first)
    first = _slipped(slip, "initial", first.str.slice(0, 1), first)
    first = _slipped(slip, "missing", None, first)
    slip = choose(rng, _FAMILY_SLIPS, size)
    last = _slipped(slip, "typo", typo(rng, last), last)
    last = _slipped(slip, "another", stranger["last_name"], last)
    last = _slipped(slip, "missing", None, last)
    slip = choose(rng, _BORN_SLIPS, size)
    turned = born.str.slice(0, 5) + born.str.slice(8, 2) + "-" + born.str.slice(5, 2)
    born = _slipped(slip, "day and month", turned, _slipped(slip, "digit", _digit(rng, born), born))
    born = _slipped(slip, "missing", None, born)
    slip = choose(rng, _EMAIL_SLIPS, size)
    email = _slipped(slip, "another", second, _slipped(slip, "typo", typo(rng, email), email))
    email = _slipped(slip, "missing", None, email)
    slip = choose(rng, _PLACE_SLIPS, size)
    city = _slipped(slip, "moved", stranger["city"], _slipped(slip, "mistyped", typo(rng, city), city))
    postcode = _slipped(slip, "missing", None, _slipped(slip, "moved", stranger["postcode"], postcode))
    swapped = chance(rng, size, _SWAPPED)
    names = {"first_name": when(swapped, last, first), "last_name": when(swapped, first, last)}
    return pl.DataFrame({**names, "born": born, "email": email, "city": city, "postcode": postcode})


def _slipped(slip: pl.Series, which: str, yes: pl.Series | None, no: pl.Series) -> pl.Series:
    return when(slip == which, yes, no)


def _nicknames(rng: Rng, first: pl.Series) -> pl.Series:
    short = {fold(name): fold(rng.choice(known)) for name, known in NICKNAMES.items()}
    return first.replace(short)


def _digit(rng: Rng, born: pl.Series) -> pl.Series:
    """Type one digit of the year or the day wrongly."""
    place = rng.choice([3, 9], len(born))
    frame = pl.DataFrame({"born": born, "place": place, "digit": rng.integers(0, 10, len(born))})
    head, tail = pl.col("born").str.slice(0, "place"), pl.col("born").str.slice(pl.col("place") + 1)
    return frame.select(head + pl.col("digit").cast(pl.String) + tail).to_series()
