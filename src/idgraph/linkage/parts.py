"""Parts: what each comparison adds to the weight of a pair. They add up to it, to the fourth decimal.

A link keeps its parts as text, in `evidence`: `given: same +6.2; family: mistyped +4.8105; prior: … -14.1`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from idgraph.linkage.model import Model
    from idgraph.linkage.patterns import Decoded

__all__ = ["Part", "as_link", "as_text", "from_text", "parts_of"]

_DIGITS: Final = 4


@dataclass(frozen=True)
class Part:
    """What one comparison adds.

    Attributes:
        field: the column; two of them, joined by `and`, where strangers agree in both together; `prior` for what is
            believed of any two before they are compared; `ceiling` for what likeness may say at most.
        level: how far the two values agree.
        weight: log2 odds.
    """

    field: str
    level: str
    weight: float


def parts_of(model: Model, decoded: Decoded, held: Sequence[Mapping[int, int]]) -> list[list[Part]]:
    """Take the weights of patterns apart; fields without a value have no part.

    Args:
        model: what weighs them.
        decoded: the patterns.
        held: see `Model.weights`, whose sums these are.
    """
    found: list[list[Part]] = [[] for _ in decoded.levels]
    for place, field in enumerate(model.fields):
        for parts, level, weight in zip(
            found, decoded.levels[:, place], model.parts(decoded, held, place), strict=True
        ):
            if level >= 0:
                parts.append(Part(field.name, field.holding.levels[level].name, float(weight)))
    states = model.states(decoded)
    for tie in model.ties:
        name = f"{model.fields[tie.one].name} and {model.fields[tie.other].name}"
        for parts, bits in zip(found, tie.bits_of(states), strict=True):
            if bits:
                parts.append(Part(name, "go together, so not counted twice", -float(bits)))
    return found


def as_link(parts: Sequence[Part], prior: float, most: float) -> list[Part]:
    """Add what makes of a pair's weight the weight of a link: the log2 odds that the two are one, `most` at most."""
    all_parts = [*parts, Part("prior", "before anything is compared", prior)]
    beyond = round(most - sum(part.weight for part in all_parts), _DIGITS)
    return [*all_parts, Part("ceiling", "likeness alone needs some doubt", beyond)] if beyond < 0 else all_parts


def as_text(parts: Iterable[Part]) -> str:
    """Write parts as a link keeps them.

    >>> as_text([Part("given", "same", 6.25), Part("family", "different", -3.0)])
    'given: same +6.25; family: different -3'
    """
    return "; ".join(f"{part.field}: {part.level} {_signed(part.weight)}" for part in parts)


def _signed(weight: float) -> str:
    return f"{weight:+.{_DIGITS}f}".rstrip("0").rstrip(".")


def from_text(text: str) -> list[Part]:
    """Read what `as_text` wrote.

    >>> from_text("given: same +6.25; given and family: go together, so not counted twice -1.5")[1]
    Part(field='given and family', level='go together, so not counted twice', weight=-1.5)
    """
    told = (part.partition(": ") for part in text.split("; "))
    said = ((field, *rest.rpartition(" ")[::2]) for field, _, rest in told)
    return [Part(field, level, float(weight)) for field, level, weight in said]
