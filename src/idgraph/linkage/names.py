"""The parts of names, for guards that ask whether the holders of a value can be one, and words mistyped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from idgraph.normalise import normalise

if TYPE_CHECKING:
    from idgraph.engines import Kernel

__all__ = ["lacking_a_letter", "name_parts"]

_SHORTEST: Final = 2  # an initial agrees with too many names to say anything
_MISTYPED: Final = (6, 40)  # letters of a word in which one may be mistyped


def lacking_a_letter(words: pl.Series) -> pl.DataFrame:
    """Long words, and what is left of them without each of their letters: word, lacking; each once.

    Two words that differ by one letter have one of these in common.
    """
    long = words.filter(words.str.len_chars().is_between(*_MISTYPED)).unique()
    found = [(word, word[:place] + word[place + 1 :]) for word in long for place in range(len(word))]
    whole = [(word, word) for word in long]
    return pl.DataFrame([*found, *whole], schema={"word": pl.String, "lacking": pl.String}, orient="row").unique()


def name_parts(normaliser: str, *, mistyped: bool = False) -> Kernel:
    """Make the kernel that splits names into their parts.

    Args:
        normaliser: `person_name` or `company_name`.
        mistyped: whether long parts that differ by a letter are to have something in common.

    Returns:
        A kernel from record, name (String) to record, part (UInt64: a hash of the part, alike within one run only);
        one row for each distinct part of two letters or more, and where asked for of what is left without a letter.
    """

    def kernel(rows: pl.DataFrame) -> pl.DataFrame:
        names = normalise(normaliser, rows["name"])["value"]
        parts = rows.select("record", names.str.split(" ").alias("part")).explode("part")
        long = parts.filter(pl.col("part").str.len_chars() >= _SHORTEST)
        if mistyped:
            near = long.join(lacking_a_letter(long["part"]), left_on="part", right_on="word")
            long = pl.concat([long, near.select("record", part="lacking")])
        return long.select("record", pl.col("part").hash(seed=0)).unique()

    return kernel
