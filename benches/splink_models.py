"""Splink's models: as its documentation has them for the tables it documents, and of its library for the others.

Documented (docs/demos/examples/duckdb of its repository): `historical_50k` in deduplicate_50k_synthetic, `febrl3`,
`febrl4`, and `fake_1000` in accuracy_analysis_from_labels_column. A column that a run does without takes the
comparisons and the rules that name it along.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

__all__ = ["MODELS", "SplinkModel", "run"]

_USUAL: Final = 0.95
_LEAST: Final = 0.01  # what is less likely is of no use to any threshold
_Rule = tuple[str, ...]


@dataclass(frozen=True)
class SplinkModel:
    """What Splink is told of a table.

    Attributes:
        comparisons: columns to what makes their comparison from Splink's comparison library.
        rules: which pairs are compared: expressions that are the same of both rows; one that begins with `l.` is a
            condition of its own.
        certain: rules of pairs that are the same, from which the share of matches among all is estimated.
        recall: of those.
        trained: rules of the pairs that expectation–maximisation looks at.
        derived: further columns, as expressions.
        most: pairs that u is estimated from.
    """

    comparisons: Mapping[_Rule, Callable[[Any], Any]]
    rules: Sequence[_Rule]
    certain: Sequence[_Rule]
    recall: float
    trained: Sequence[_Rule]
    derived: Mapping[str, str]
    most: float = 1e7

    def without(self, dropped: Sequence[str]) -> SplinkModel:
        """The same without some columns."""

        def names(part: str, columns: Iterable[str]) -> bool:
            return any(re.search(rf"\b{column}\b", part) for column in columns)

        gone = {*dropped, *(name for name, made in self.derived.items() if names(made, dropped))}

        def stays(rule: _Rule) -> bool:
            return not any(names(part, gone) for part in rule)

        return replace(
            self,
            comparisons={columns: make for columns, make in self.comparisons.items() if stays(columns)},
            rules=list(filter(stays, self.rules)),
            certain=list(filter(stays, self.certain)),
            trained=list(filter(stays, self.trained)),
            derived={name: made for name, made in self.derived.items() if name not in gone},
        )


def run(name: str, files: Sequence[str], out: str, dropped: Sequence[str] = ()) -> dict[str, Any]:
    """Train, predict and cluster; write `clusters.parquet` (record_id, entity_id) and `pairs.parquet`.

    Args:
        name: a key of `MODELS`.
        files: the table, or the two to link: record_id and the model's columns.
        out: a folder.
        dropped: columns to do without.
    """
    import duckdb
    from splink import DuckDBAPI, Linker, SettingsCreator
    from splink import comparison_library as library

    from benches.harness import Stages

    stages, model = Stages(), MODELS[name].without(dropped)
    stages("training")
    connection = duckdb.connect()
    api = DuckDBAPI(connection=connection)
    tables = [api.register(connection.sql(_prepared(file, model))) for file in files]
    settings = SettingsCreator(
        link_type="link_only" if len(tables) > 1 else "dedupe_only",
        unique_id_column_name="record_id",
        comparisons=[make(library) for make in model.comparisons.values()],
        blocking_rules_to_generate_predictions=[_rule(rule) for rule in model.rules],
    )
    linker = Linker(tables if len(tables) > 1 else tables[0], settings)
    logging.getLogger("splink").setLevel(logging.ERROR)
    train = linker.training
    train.estimate_probability_two_random_records_match([_rule(rule) for rule in model.certain], recall=model.recall)
    train.estimate_u_using_random_sampling(max_pairs=model.most, seed=1)
    for rule in model.trained:
        train.estimate_parameters_using_expectation_maximisation(_rule(rule), estimate_without_term_frequencies=True)
    stages("predicting")
    predicted = linker.inference.predict(threshold_match_probability=_LEAST)
    stages("clustering")
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
        predicted, threshold_match_probability=_USUAL
    )
    stages("writing")
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    _write(connection, clusters.physical_name, "record_id, cluster_id as entity_id", folder / "clusters.parquet")
    pairs = "record_id_l as left, record_id_r as right, match_probability as probability"
    _write(connection, predicted.physical_name, pairs, folder / "pairs.parquet")
    return stages.done()


def _prepared(file: str, model: SplinkModel) -> str:
    """Read a file as Splink likes it: empty texts null, names of columns without spaces."""
    import polars as pl

    names = {name: "record_id" if name == "id" else name for name in pl.read_parquet_schema(file) if name != "source"}
    columns = [f"nullif(trim(\"{name}\"), '') as {said.replace(' ', '_').lower()}" for name, said in names.items()]
    plain = f"select {', '.join(columns)} from read_parquet('{file}')"
    more = [f"{expression} as {name}" for name, expression in model.derived.items()]
    return f"select {', '.join(['*', *more])} from ({plain})"


def _rule(rule: _Rule) -> Any:  # noqa: ANN401 - Splink's own
    from splink import block_on

    return rule[0] if rule[0].startswith("l.") else block_on(*rule)


def _write(connection: Any, table: str, columns: str, path: Path) -> None:  # noqa: ANN401 - DuckDB's own
    connection.sql(f"copy (select {columns} from {table}) to '{path}' (format parquet)")


def _exact(column: str, library: Any) -> Any:  # noqa: ANN401
    return library.ExactMatch(column).configure(term_frequency_adjustments=True)


def _name(column: str, library: Any) -> Any:  # noqa: ANN401
    return library.NameComparison(column)


def _name_by_frequency(column: str, library: Any) -> Any:  # noqa: ANN401
    return library.NameComparison(column).configure(term_frequency_adjustments=True)


def _alike(column: str, library: Any) -> Any:  # noqa: ANN401
    return library.JaroWinklerAtThresholds(column, [0.92, 0.8]).configure(term_frequency_adjustments=True)


def _typed(column: str, edits: list[int], library: Any) -> Any:  # noqa: ANN401
    return library.DamerauLevenshteinAtThresholds(column, edits)


def _typed_by_frequency(column: str, edits: list[int], library: Any) -> Any:  # noqa: ANN401
    return library.DamerauLevenshteinAtThresholds(column, edits).configure(term_frequency_adjustments=True)


def _full_name(first: str, last: str, library: Any) -> Any:  # noqa: ANN401
    return library.ForenameSurnameComparison(first, last, forename_surname_concat_col_name="both_names")


def _born(column: str, pattern: str, library: Any) -> Any:  # noqa: ANN401
    return library.DateOfBirthComparison(
        column, input_is_string=True, datetime_format=pattern, invalid_dates_as_null=True
    )


def _email(column: str, library: Any) -> Any:  # noqa: ANN401
    return library.EmailComparison(column)


def _postcode(column: str, library: Any) -> Any:  # noqa: ANN401
    return library.PostcodeComparison(column)


_TURNED: Final = "l.given_name = r.surname and l.surname = r.given_name"

_CONTACTS: Final = SplinkModel(
    comparisons={
        ("first_name", "last_name"): partial(_full_name, "first_name", "last_name"),
        ("email",): partial(_email, "email"),
        ("phone_number",): partial(_typed_by_frequency, "phone_number", [1, 2]),
        ("address",): partial(_alike, "address"),
        ("zip",): partial(_exact, "zip"),
        ("company",): partial(_alike, "company"),
    },
    rules=[
        ("first_name", "last_name"),
        ("email",),
        ("phone_number",),
        ("last_name", "zip"),
        ("first_name", "zip"),
        ("address",),
        ("company", "last_name"),
    ],
    certain=[("email",), ("first_name", "last_name", "zip"), ("phone_number", "last_name")],
    recall=0.7,
    trained=[("first_name", "last_name"), ("zip",)],
    derived={
        "both_names": "first_name || ' ' || last_name",
        "phone_number": "nullif(regexp_replace(phone, '[^0-9]', '', 'g'), '')",
    },
)

MODELS: Final[dict[str, SplinkModel]] = {
    "historical_50k": SplinkModel(
        comparisons={
            ("first_name", "surname"): partial(_full_name, "first_name", "surname"),
            ("dob",): partial(_born, "dob", "%Y-%m-%d"),
            ("postcode_fake",): partial(_postcode, "postcode_fake"),
            ("birth_place",): partial(_exact, "birth_place"),
            ("occupation",): partial(_exact, "occupation"),
        },
        rules=[
            ("substr(first_name, 1, 3)", "substr(surname, 1, 4)"),
            ("surname", "dob"),
            ("first_name", "dob"),
            ("postcode_fake", "first_name"),
            ("postcode_fake", "surname"),
            ("dob", "birth_place"),
            ("substr(postcode_fake, 1, 3)", "dob"),
            ("substr(postcode_fake, 1, 3)", "first_name"),
            ("substr(postcode_fake, 1, 3)", "surname"),
            ("substr(first_name, 1, 2)", "substr(surname, 1, 2)", "substr(dob, 1, 4)"),
        ],
        certain=[
            ("first_name", "surname", "dob"),
            ("substr(first_name, 1, 2)", "surname", "substr(postcode_fake, 1, 2)"),
            ("dob", "postcode_fake"),
        ],
        recall=0.6,
        trained=[("first_name", "surname"), ("dob",)],
        derived={"both_names": "first_name || ' ' || surname"},
    ),
    "febrl3": SplinkModel(
        comparisons={
            ("given_name",): partial(_name, "given_name"),
            ("surname",): partial(_name, "surname"),
            ("date_of_birth",): partial(_born, "date_of_birth", "%Y%m%d"),
            ("soc_sec_id",): partial(_typed, "soc_sec_id", [2]),
            ("street_number",): partial(_exact, "street_number"),
            ("postcode",): partial(_exact, "postcode"),
        },
        rules=[("soc_sec_id",), ("given_name",), ("surname",), ("date_of_birth",), ("postcode",)],
        certain=[
            ("soc_sec_id",),
            ("given_name", "surname", "date_of_birth"),
            (f"{_TURNED} and l.date_of_birth = r.date_of_birth",),
        ],
        recall=0.9,
        trained=[("date_of_birth",), ("postcode",)],
        derived={},
        most=1e6,
    ),
    "febrl4": SplinkModel(
        comparisons={
            ("given_name",): partial(_name_by_frequency, "given_name"),
            ("surname",): partial(_name_by_frequency, "surname"),
            ("date_of_birth",): partial(_born, "date_of_birth", "%Y%m%d"),
            ("soc_sec_id",): partial(_typed, "soc_sec_id", [1, 2]),
            ("street_number",): partial(_exact, "street_number"),
            ("postcode",): partial(_typed_by_frequency, "postcode", [1, 2]),
        },
        rules=[
            ("given_name", "surname"),
            (_TURNED,),
            ("date_of_birth",),
            ("soc_sec_id",),
            ("state", "address_1"),
            ("street_number", "address_1"),
            ("postcode",),
        ],
        certain=[("soc_sec_id",), ("given_name", "surname", "date_of_birth")],
        recall=0.8,
        trained=[("date_of_birth",), ("postcode",)],
        derived={},
        most=1e6,
    ),
    "fake_1000": SplinkModel(
        comparisons={
            ("first_name", "surname"): partial(_full_name, "first_name", "surname"),
            ("dob",): partial(_born, "dob", "%Y-%m-%d"),
            ("city",): partial(_exact, "city"),
            ("email",): partial(_email, "email"),
        },
        rules=[("first_name",), ("surname",), ("dob",), ("email",)],
        certain=[
            ("l.first_name = r.first_name and levenshtein(r.dob, l.dob) <= 1",),
            ("l.surname = r.surname and levenshtein(r.dob, l.dob) <= 1",),
            ("l.first_name = r.first_name and levenshtein(r.surname, l.surname) <= 2",),
            ("email",),
        ],
        recall=0.7,
        trained=[("dob",), ("email",), ("first_name", "surname")],
        derived={"both_names": "first_name || ' ' || surname"},
        most=1e6,
    ),
    "early_childhood": SplinkModel(
        comparisons={
            ("site",): partial(_alike, "site"),
            ("street",): partial(_alike, "street"),
            ("zip",): partial(_exact, "zip"),
            ("phone",): partial(_exact, "phone"),
        },
        rules=[("phone",), ("substr(street, 1, 8)",), ("substr(site, 1, 8)",), ("zip", "substr(site, 1, 4)")],
        certain=[("site", "street"), ("phone", "street")],
        recall=0.7,
        trained=[("phone",), ("street",)],
        derived={"site": "lower(site_name)", "street": "lower(address)"},
    ),
    "patstat_nl": SplinkModel(
        comparisons={
            ("name",): partial(_alike, "name"),
            ("coauthor",): partial(_alike, "coauthor"),
            ("class",): partial(_alike, "class"),
            ("lat", "lng"): partial(_exact, "place"),
        },
        rules=[("substr(name, 1, 5)",), ("place",), ("coauthor",)],
        certain=[("name", "place"), ("name", "coauthor")],
        recall=0.5,
        trained=[("name",), ("place",)],
        derived={"place": "nullif(lat || ' ' || lng, '0.0 0.0')"},
    ),
    "senzing_truthset": SplinkModel(
        comparisons={
            ("name",): partial(_alike, "name"),
            ("address",): partial(_alike, "address"),
            ("addr_postal_code",): partial(_exact, "addr_postal_code"),
            ("phone",): partial(_exact, "phone"),
            ("addr_country",): partial(_exact, "addr_country"),
        },
        rules=[("l.record_id < r.record_id",)],
        certain=[("phone",)],
        recall=0.5,
        trained=[("addr_postal_code",), ("phone",)],
        derived={
            "name": "lower(primary_name_org)",
            "address": "lower(coalesce(addr_full, addr_line1))",
            "phone": "nullif(regexp_replace(phone_number, '[^0-9]', '', 'g'), '')",
        },
    ),
    "contacts": _CONTACTS,
    "people": SplinkModel(
        comparisons={
            ("first_name", "last_name"): partial(_full_name, "first_name", "last_name"),
            ("born",): partial(_born, "born", "%Y-%m-%d"),
            ("email",): partial(_email, "email"),
            ("city",): partial(_exact, "city"),
            ("postcode",): partial(_typed_by_frequency, "postcode", [1, 2]),
        },
        rules=[
            ("first_name", "last_name", "substr(born, 1, 4)"),
            ("last_name", "born"),
            ("first_name", "born"),
            ("email",),
            ("postcode", "last_name"),
            ("postcode", "first_name"),
            ("postcode", "born"),
            ("born", "city"),
        ],
        certain=[("first_name", "last_name", "born"), ("email",), ("born", "postcode")],
        recall=0.8,
        trained=[("first_name", "last_name"), ("born",)],
        derived={"both_names": "first_name || ' ' || last_name"},
    ),
}
