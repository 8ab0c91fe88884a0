"""Names of people, brought into one spelling for comparison; never shown in place of what was written."""

from __future__ import annotations

from typing import Final

import polars as pl

from idgraph.normalise.batches import changed_where, in_batches, kept_where, nothing, on_distinct, replaced_where
from idgraph.normalise.folding import folded
from idgraph.normalise.nulls import is_null_text
from idgraph.normalise.words import phrases

__all__ = ["normalise_person_name", "surname"]

# Not here, though in use as titles: Don, Sri, Gen, Master, which are given names too.
_TITLES: Final = "|".join(
    phrases(
        """
        mr | mrs | ms | miss | mx | mister | dr | doctor | prof | professor | sir | dame | rev | reverend | hon | capt
        captain | col | lt | sgt | maj | herr | frau | monsieur | madame | mme | mlle | sr | sra | srta | senor | senora
        senorita | signor | signora | sig | dott | dottssa | ing | dipl[ -]ing | lic | arq | eng | mgr | shri | smt
        """
    )
)
# Not here: V, Ma, Ba, Do, which are initials and surnames. `null` and `undefined` are a template's missing surname.
_SUFFIXES: Final = "|".join(
    phrases(
        """
        jr | jnr | junior | sr | snr | ii | iii | iv | 2nd | 3rd | esq | esquire | ph ?d | m ?d | d ?d ?s | d ?v ?m
        j ?d | m ?b ?a | emba | m ?sc | b ?sc | m ?eng | b ?eng | ll ?m | ll ?b | cpa | cfa | pmp | cissp
        shrm | phr | sphr | obe | mbe | cbe | frcs | facs | rph | r ?n | null | undefined
        """
    )
)
_PLAIN: Final = "^[a-z]+(?:[ -][a-z]+)*$"
_TITLED: Final = f"^(?:(?:{_TITLES}) )+"
_SUFFIXED: Final = f"(?: (?:{_SUFFIXES}))+$"
_NOT_A_NAME: Final = r"@|://|^www\."

_PLACEHOLDERS: Final = phrases(
    """
    a | aa | aaa | abc | abc abc | abc def | accounts | accounts payable | admin | admin user | administrator
    anonymous user | asd | asd asd | asdf | asdf asdf | asdfasdf | b | billing | contact | customer | deleted user
    demo | demo user | dummy | first last | first name | first name last name | firstname | firstname lastname | foo
    foo bar | full name | guest | guest user | human resources | info | integration user | last name
    last name not provided | lastname | lead | marketing | n a | na na | name | new user | no last name
    no lastname | no name | nobody | noname | none none | not known | not provided | null null | office | purchasing
    qwe | qwerty | reception | sales | sample | someone | support | system | system administrator | system user
    team | test | test account | test contact | test lead | test name | test person | test test | test testing
    test user | tester | testing | tests | unknown unknown | unknown user | user | visitor | x | xx | xxx | xxxx
    xyz | your name | z
    """
)


def normalise_person_name(raw: pl.Series) -> pl.DataFrame:
    """Bring a name into one spelling for comparison, given name first.

    Lower case; accents folded on Latin and Greek letters, other scripts as they are; titles and suffixes gone;
    `Doe, Jane` turned. Apostrophes go (O'Brien, OBrien), hyphens within a name stay, what stands in brackets goes,
    other punctuation becomes a space.

    Args:
        raw: String.

    Returns:
        value: String.
        note: String, always null.
        reason: String, why there is no value: `null_like`, `placeholder` (`Test User`), `not_a_name` (an address, or no
            letter at all).

    >>> normalise_person_name(pl.Series(["Dr. José O'Brien Jr.", "DOE, Jane (HR)", "Test User", "n/a"])).rows()
    [('jose obrien', None, None), ('jane doe', None, None), (None, None, 'placeholder'), (None, None, 'null_like')]
    """
    return in_batches(raw, _normalise)


def surname(value: pl.Series) -> pl.Series:
    """Take the last word of a name; null where there is one word only, or an initial in its place.

    Particles are left out (`van der berg` gives `berg`), so that Berg and van der Berg do not seem to be two people.

    Args:
        value: String, values of `normalise_person_name`.

    Returns:
        String.

    >>> surname(pl.Series(["jane doe", "jan van der berg", "madonna", "jane d", None])).to_list()
    ['doe', 'berg', None, None, None]
    """
    return in_batches(value, lambda names: names.str.extract("^.* ([^ ]{2,})$").to_frame("surname"))["surname"]


def _normalise(raw: pl.Series) -> pl.DataFrame:
    text = raw.str.to_lowercase()
    plain = text.str.contains(_PLAIN)
    return replaced_where(
        ~plain,
        _named(text, kept_where(plain, text)),
        lambda: on_distinct(text.filter(~plain), lambda odd: _named(odd, _tidy(folded(odd)))),
    )


def _named(text: pl.Series, name: pl.Series) -> pl.DataFrame:
    """Take titles and suffixes off a tidy name, and refuse what names nobody."""
    name = changed_where(name.str.contains(_TITLED), name, lambda some: some.str.replace(_TITLED, ""))
    name = changed_where(name.str.contains(_SUFFIXED), name, lambda some: some.str.replace(_SUFFIXED, ""))
    reason = pl.select(
        pl.when(is_null_text(text))
        .then(pl.lit("null_like"))
        .when(text.str.contains(_NOT_A_NAME) | ~name.str.contains(r"\p{L}"))
        .then(pl.lit("not_a_name"))
        .when(is_null_text(name))
        .then(pl.lit("null_like"))
        .when(name.is_in(_PLACEHOLDERS))
        .then(pl.lit("placeholder"))
    ).to_series()
    return pl.select(value=kept_where(reason.is_null(), name), note=nothing(len(text)), reason=reason)


def _tidy(text: pl.Series) -> pl.Series:
    outside = text.str.replace_all(r"\([^()]*\)|\[[^\[\]]*\]", " ")
    outside = pl.select(pl.when(outside.str.contains(r"\p{L}")).then(outside).otherwise(text)).to_series()
    words = (
        outside.str.replace_all("['’‘ʼʹ`´]", "")
        .str.replace_all(r"[^\p{L}\p{M}\p{N},-]+", " ")
        .str.replace_all(" *, *", ",")
        .str.strip_chars(" ,-")
    )
    turned = (
        words.str.replace_all(f"(?:,(?:{_SUFFIXES}))+(,|$)", "${1}")
        .str.replace("^([^,]+),([^,]+)$", "${2} ${1}")
        .str.replace_all(",", " ", literal=True)
        .str.replace_all("[ -]{2,}", " ")
        .str.strip_chars(" -")
    )
    # Taking punctuation out may have brought a letter and a mark together.
    return folded(turned)
