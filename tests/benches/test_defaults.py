"""The numbers that the benchmark calls defaults must be the ones in use, and a choice must be of the others alone."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest

import idgraph as ig

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def defaults():
    """The module, which is not shipped and so not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        from benches import defaults

        yield defaults


def test_each_default_is_the_number_in_use(defaults):
    of_dedupe = {name: given.default for name, given in inspect.signature(ig.dedupe).parameters.items()}
    for number in defaults._NUMBERS:
        home = of_dedupe if number.module is None else vars(import_module(f"idgraph.linkage.{number.module}"))
        assert home[number.name] == number.values[1], number.name


@pytest.mark.parametrize(("left_out", "chosen"), [("one", 3.0), ("two", 1.0), ("three", 1.0)])
def test_what_is_left_out_does_not_choose(defaults, left_out, chosen):
    number = defaults._Number("how sure", "train", "_SURE", (1.0, 2.0, 3.0))
    found = {
        1.0: {"one": 0.9, "two": 0.5, "three": 0.5},
        2.0: {"one": 0.5, "two": 0.5, "three": 0.5},
        3.0: {"one": 0.5, "two": 0.6, "three": 0.5},
    }
    assert defaults._chosen(number, found, left_out) == chosen


def test_of_equal_numbers_the_default_is_chosen(defaults):
    number = defaults._Number("how sure", "train", "_SURE", (1.0, 2.0, 3.0))
    assert defaults._chosen(number, {value: {"one": 0.5, "two": 0.5} for value in number.values}, "one") == 2.0
