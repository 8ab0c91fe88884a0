"""Names of people and companies, as reps, forms and registers write them."""

import polars as pl
import pytest

from idgraph.normalise import normalise_company_name, normalise_person_name, surname
from idgraph.normalise.folding import folded


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Ana Silva", "ana silva"),
        ("  ANA\tSILVA ", "ana silva"),
        ("Dr. José Ñandú", "jose nandu"),
        ("Silva, Ana", "ana silva"),
        ("Silva, Ana, Ph.D.", "ana silva"),
        ("Ana Silva, MD, PhD", "ana silva"),
        ("Smith Jr., John", "john smith"),
        ("Mr & Mrs Smith", "smith"),
        ("John O’Brien III", "john obrien"),
        ("Ana (HR) Silva", "ana silva"),
        ("Ana [not provided]", "ana"),
        ("(Ana Silva)", "ana silva"),
        ("Ana null", "ana"),
        ("J.R.R. Tolkien", "j r r tolkien"),
        ("J. R. R. Tolkien", "j r r tolkien"),
        ("ana_silva", "ana silva"),
        ("Anne-Marie Smith-Jones", "anne-marie smith-jones"),
        ("Łukasz Straße", "lukasz strasse"),
        ("ＡＮＡ　Silva", "ana silva"),
        ("Иванов, Пётр", "пётр иванов"),
        ("李小龍", "李小龍"),
        ("Γιώργος Παπαδόπουλος", "γιωργοσ παπαδοπουλοσ"),
        ("संजय गांधी", "संजय गांधी"),
        ("Nan Li", "nan li"),
        ("Yo-Yo Ma", "yo-yo ma"),
        ("Dr Dre", "dre"),
    ],
)
def test_a_person_has_one_spelling(raw, value):
    assert normalise_person_name(pl.Series([raw])).row(0) == (value, None, None)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("Test User", "placeholder"),
        ("First Last", "placeholder"),
        ("asdf", "placeholder"),
        ("Administrator", "placeholder"),
        ("ana@acme.io", "not_a_name"),
        ("https://acme.io", "not_a_name"),
        ("12345", "not_a_name"),
        ("?!", "not_a_name"),
        ("DR:1", "not_a_name"),
        ("Unknown", "null_like"),
        ("[Not Provided]", "null_like"),
    ],
)
def test_what_names_nobody_is_refused_with_the_reason(raw, reason):
    assert normalise_person_name(pl.Series([raw])).row(0) == (None, None, reason)


def test_a_surname_is_the_last_word_of_several():
    names = pl.Series(["ana silva", "jan van der berg", "anne smith-jones", "ana", "ana s", "李小龍", None])
    assert surname(names).to_list() == ["silva", "berg", "smith-jones", None, None, None, None]


@pytest.mark.parametrize(
    "forms",
    [
        ["Acme", "ACME, Inc.", "The Acme Company", "Acme Co., Ltd.", "Acme LLC", "acme  corp", "Acme Inc Inc", "Acmé"],
        ["Müller & Söhne GmbH & Co. KG", "Muller and Sohne", "MÜLLER + SÖHNE GMBH", "Müller & Söhne G.m.b.H."],
        ["Foods S.A.", "Foods SA", "Foods S/A", "FOODS, S.A. de C.V.", "Foods S.à r.l.", "Foods SpA", "Foods S.p.A."],
        ["Baltic", "Baltic Sp. z o.o.", "UAB Baltic", "Baltic OÜ", "Baltic d.o.o.", "Baltic s.r.o.", "Baltic A/S"],
        ["ООО Ромашка", "Ромашка ООО", "«Ромашка»"],
        ["株式会社トヨタ", "トヨタ 株式会社", "トヨタ（株）", "㈱トヨタ"],
        ["PT Nusantara Tbk", "Nusantara Pte. Ltd.", "Nusantara Sdn Bhd", "Nusantara Pty Ltd", "Nusantara Pvt. Ltd."],
        ["Makris", "Makris A.E.", "Makris Ο.Ε.", "Makris Ε.Π.Ε.", "Makris I/S", "Makris eG", "Makris OG"],
        ["U.S. Steel", "US Steel Corp."],
        ["Macy's", "Macy’s, Inc.", "MACYS"],
    ],
)
def test_a_company_has_one_spelling_whatever_its_legal_form(forms):
    values = normalise_company_name(pl.Series(forms))["value"]
    assert values.n_unique() == 1
    assert values.null_count() == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme", "Acme Holding"),
        ("Acme UK Ltd", "Acme US Inc"),
        ("Coca", "Coca Cola"),
        ("Ромашка", "Ромашки"),
        ("Amazon.com", "Amazoncom"),
    ],
)
def test_companies_of_other_names_stay_apart(one, other):
    values = normalise_company_name(pl.Series([one, other]))["value"]
    assert values.n_unique() == 2


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("My Workspace", "generic"),
        ("Personal", "generic"),
        ("Ana's Workspace", "generic"),
        ("Ana’s Team", "generic"),
        ("James' Organization", "generic"),
        ("Self-employed", "generic"),
        ("Test", "generic"),
        ("GmbH", "generic"),
        ("The Limited", "generic"),
        ("S.A.", "generic"),
        ("ana@acme.io", "not_a_name"),
        ("!!!", "not_a_name"),
        ("n/a", "null_like"),
        ("0.0", "null_like"),
    ],
)
def test_what_names_no_company_is_refused_with_the_reason(raw, reason):
    assert normalise_company_name(pl.Series([raw])).row(0) == (None, None, reason)


def test_folding_twice_is_folding_once_for_every_character():
    characters = [chr(point) for point in range(1, 0x110000) if not 0xD800 <= point <= 0xDFFF]
    once = folded(pl.Series([f"{character}|a{character}\u0301|σ{character}" for character in characters]))
    assert folded(once).equals(once)


def test_marks_that_make_another_letter_stay():
    assert folded(pl.Series(["Йод", "がぎ", "हिन्दी"])).to_list() == ["йод", "がぎ", "हिन्दी"]
