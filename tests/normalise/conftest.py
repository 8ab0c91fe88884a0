"""Texts to clean: all that the real exports and the labelled sets hold, and made-up ones that are nearly right."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest


def _texts_of(file: Path) -> Iterator[str]:
    if file.suffix == ".parquet":
        for column in pl.read_parquet(file).select(pl.col(pl.String)).iter_columns():
            yield from column.drop_nulls().unique()
    elif file.suffix == ".csv":
        for column in pl.read_csv(file, infer_schema=False).iter_columns():
            yield from column.drop_nulls().unique()
    elif file.suffix == ".json":
        yield from _leaves(json.loads(file.read_text(encoding="utf-8")))
    else:
        yield from file.read_text(encoding="utf-8").split()


def _leaves(tree: object) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, branch in tree.items():
            yield key
            yield from _leaves(branch)
    elif isinstance(tree, list):
        for branch in tree:
            yield from _leaves(branch)
    elif isinstance(tree, str):
        yield tree


def likely(texts: pl.Series, pattern: str) -> pl.Series:
    """All texts of a shape, and every fiftieth of the others: slow libraries are not asked about 200,000 names."""
    alike = texts.str.contains(pattern)
    return pl.concat([texts.filter(alike), texts.filter(~alike).gather_every(50)])


@pytest.fixture(scope="session")
def likely_domains(real_texts: pl.Series) -> pl.Series:
    return likely(real_texts, "[.:/@]")


@pytest.fixture(scope="session")
def likely_phones(real_texts: pl.Series) -> pl.Series:
    return likely(real_texts, "^[^0-9]*(?:[0-9][^0-9]*){3,20}$")


@pytest.fixture(scope="session")
def real_texts(data_dir: Path) -> pl.Series:
    """Every distinct text of every file of the data folder, whatever its column holds."""
    files = sorted(file for file in data_dir.rglob("*") if file.is_file() and file.stem not in {"SOURCE", "README"})
    return pl.Series("raw", sorted({text for file in files for text in _texts_of(file)}), dtype=pl.String)
