"""Made-up names of companies, and dirty copies of half of them in a second list.

What companies call themselves falls into two: words that many use, and words of their own. What is wrong with a copy
was drawn without regard to how any tool compares.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from benches.harness import prepared
from idgraph.datasets.draw import chance, choose, pick, typo, when
from idgraph.datasets.names import FAMILY, fold, words

__all__ = ["NAME", "Firms", "make"]

Rng = np.random.Generator

NAME: Final = "company name"  # the column
_KNOWN: Final = 0.5  # of the second list, copies of the first
_SPARE: Final = 1.15  # names drawn for one that is kept: two companies of one name are one here

_STARTS: Final = words("A Al Am Ar Be Bel Bri Ca Cer Cor Da Del E El Fa Fen Ga Gra Ha Hel I In Ka Kel La Lo Ma Mer Ne")
_MIDDLES: Final = words("ba bi co da de do fa ga go la le li ma me mo na ni no pa ra ri ro sa se ta te ti to va ve xi")
_ENDS: Final = words(
    "bit cor dyne ex fi gen ia io ix lan lex lis lon lux max mo net nia nis on ora os pro ra ris san ta"
)
_WORDS: Final = words(
    "Global United National First North South Pacific Atlantic Central Royal Modern Premier Summit Pioneer Liberty "
    "Heritage Horizon Phoenix Eagle Falcon Lion Star Sun River Lake Mountain Valley Oak Cedar Stone Silver Golden Blue "
    "Green Red Bright Clear Swift Prime Apex Delta Alpha Omega Nova Orion Titan Atlas Metro Capital Crown Anchor Bridge"
)
_TRADES: Final = words(
    "Foods Systems Software Logistics Consulting Solutions Media Health Energy Partners Engineering Electronics Motors "
    "Textiles Pharma Insurance Holdings Trading Services Industries Robotics Analytics Networks Security Design "
    "Construction Chemicals Shipping Airlines Publishing Furniture Packaging Instruments Metals Biotech Ventures"
)
_PLACES: Final = words("UK USA Germany France Iberia Italia Nordic Asia Europe Americas India Brasil Canada Polska")
# How one legal form is written.
_FORMS: Final = {
    "Inc": ("Inc", "Inc.", "Incorporated", "INC", ", Inc."),
    "Ltd": ("Ltd", "Ltd.", "Limited", "LTD", "Co Ltd"),
    "LLC": ("LLC", "L.L.C.", ", LLC", "llc"),
    "GmbH": ("GmbH", "G.m.b.H.", "Gesellschaft mbH", "GMBH"),
    "SA": ("SA", "S.A.", "Société Anonyme", "sa"),
    "BV": ("BV", "B.V.", "b.v."),
    "AG": ("AG", "Aktiengesellschaft", "A.G."),
    "Corp": ("Corp", "Corp.", "Corporation"),
    "": ("",),
}
_SHARES: Final = {"Inc": 0.2, "Ltd": 0.2, "LLC": 0.13, "GmbH": 0.13, "SA": 0.08, "BV": 0.06, "AG": 0.05, "Corp": 0.05}

# What is wrong with a copy, each by itself.
_FORM_SLIPS: Final = {"same": 0.35, "written otherwise": 0.3, "missing": 0.35}
_SLIPS: Final = {
    "typo": 0.18,
    "again": 0.03,
    "order": 0.05,
    "cut": 0.05,
    "last word": 0.04,
    "joined": 0.04,
    "place": 0.05,
}
_CASES: Final = {"": 0.75, "upper": 0.15, "lower": 0.1}
_SHORTEST, _LONGEST = 10, 20  # letters at which a field cuts a name


@dataclass(frozen=True)
class Firms:
    """Two lists of one length.

    Attributes:
        rows: of each.
    """

    rows: int

    @property
    def left(self) -> Path:
        """id, company name (String)."""
        return self._folder / "left.parquet"

    @property
    def right(self) -> Path:
        """The same; half of them are companies of the first list."""
        return self._folder / "right.parquet"

    @property
    def truth(self) -> Path:
        """left, right (String): which ids are one company."""
        return self._folder / "truth.parquet"

    @property
    def _folder(self) -> Path:
        return Path(__file__).parent / "data" / f"firms-{self.rows}"

    def ensure(self) -> dict[str, Any]:
        """Make it, unless it is there as the present generator makes it; say what it holds."""
        given = {"rows": self.rows, "folder": str(self._folder)}
        return prepared(self._folder, Path(__file__), "benches.firms:make", given)


def make(rows: int, folder: str, seed: int = 0) -> dict[str, Any]:
    """Write `left.parquet`, `right.parquet` and `truth.parquet`, rows shuffled.

    Args:
        rows: of each list.
        folder: replaced if it exists.
        seed: the same seed gives the same rows.

    Returns:
        rows, pairs (that are one company).
    """
    rng = np.random.default_rng(seed)
    known = round(rows * _KNOWN)
    firms = _firms(rng, 2 * rows - known)
    copied = rng.choice(rows, known, replace=False)
    copies = _dirty(rng, firms[copied])
    strangers = _written(firms.tail(rows - known))
    order = rng.permutation(rows)
    right = pl.concat([copies, strangers]).gather(order)
    ids = {side: pl.select(id=pl.format(f"{side}{{}}", pl.int_range(rows))).to_series() for side in ("l", "r")}
    place = np.argsort(order)[:known]
    home = Path(folder)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    pl.DataFrame({"id": ids["l"], NAME: _written(firms.head(rows))}).write_parquet(home / "left.parquet")
    pl.DataFrame({"id": ids["r"], NAME: right}).write_parquet(home / "right.parquet")
    truth = pl.DataFrame({"left": ids["l"].gather(copied), "right": ids["r"].gather(place)})
    truth.write_parquet(home / "truth.parquet")
    return {"rows": rows, "pairs": truth.height}


def _firms(rng: Rng, count: int) -> pl.DataFrame:
    """Companies: name, of which no two are alike, and form."""
    size = round(count * _SPARE)
    own = pick(rng, _STARTS, size) + pick(rng, _MIDDLES, size) + pick(rng, _MIDDLES, size) + pick(rng, _ENDS, size)
    short = pick(rng, _STARTS, size) + pick(rng, _MIDDLES, size) + pick(rng, _ENDS, size)
    families = [name for names in FAMILY.values() for name in names]
    family, partner = pick(rng, families, size, 1.4), pick(rng, families, size)
    trade, second = pick(rng, _TRADES, size, 1.3), pick(rng, _TRADES, size)
    common = pick(rng, _WORDS, size, 1.3)
    shapes = {
        "own": (own, 0.16),
        "own trade": (short + " " + trade, 0.3),
        "family trade": (family + " " + short + " " + trade, 0.1),
        "partners": (family + " & " + partner + " " + trade, 0.14),
        "common own": (common + " " + short, 0.12),
        "common trades": (common + " " + own + " " + trade + " " + second, 0.18),
    }
    shape = choose(rng, {name: share for name, (_, share) in shapes.items()}, size)
    name = shape
    for which, (text, _) in shapes.items():
        name = when(shape == which, text, name)
    form = choose(rng, {**_SHARES, "": 1 - sum(_SHARES.values())}, size)
    firms = pl.DataFrame({"name": name, "form": form}).unique("name", keep="first", maintain_order=True).head(count)
    if firms.height < count:
        raise ValueError(f"there are only {firms.height:,} names of this making, and {count:,} were asked for")
    return firms


def _written(firms: pl.DataFrame) -> pl.Series:
    """Names with their legal forms, as companies write them."""
    return (firms["name"] + " " + firms["form"]).str.strip_chars_end()


def _dirty(rng: Rng, firms: pl.DataFrame) -> pl.Series:
    """Write companies down once more, with what goes wrong."""
    size = firms.height
    slips = {slip: pl.Series(chance(rng, size, share)) for slip, share in _SLIPS.items()}
    name = firms["name"]
    several = name.str.contains(" ", literal=True)
    turned = name.str.replace(r"^(.*) (\S+)$", "${2}, ${1}")
    name = when(slips["order"] & several, turned, name)
    name = when(slips["last word"] & several, name.str.replace(r" \S+$", ""), name)
    name = when(slips["typo"], typo(rng, name), name)
    name = when(slips["again"], typo(rng, name), name)
    name = when(chance(rng, size, 0.5), name.str.replace(" & ", " and ", literal=True), name)
    name = when(slips["joined"], name.str.replace_all(" ", ""), name)
    name = when(slips["place"], name + " (" + pick(rng, _PLACES, size) + ")", name)
    slip = choose(rng, _FORM_SLIPS, size)
    other = firms["form"]
    for form, ways in _FORMS.items():
        other = when(firms["form"] == form, pick(rng, ways, size), other)
    form = when(slip == "missing", "", when(slip == "same", firms["form"], other))
    text = (name + " " + form).str.replace(" ,", ",", literal=True).str.strip_chars_end()
    length = pl.Series(rng.integers(_SHORTEST, _LONGEST, size))
    cut = pl.DataFrame({"text": text, "length": length}).select(pl.col("text").str.slice(0, "length")).to_series()
    text = when(slips["cut"], cut.str.strip_chars_end(), text)
    case = choose(rng, _CASES, size)
    plain = pl.Series([fold(one) for one in text], dtype=pl.String)
    return when(case == "upper", plain.str.to_uppercase(), when(case == "lower", plain.str.to_lowercase(), text))
