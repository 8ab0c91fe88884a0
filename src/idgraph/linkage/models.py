"""Models of a run: what likeness is worth for people and for companies, in one file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idgraph.errors import ConfigError
from idgraph.linkage.model import Model

__all__ = ["Models"]

_FORMAT = "idgraph_models"


@dataclass(frozen=True)
class Models:
    """What a run compares people and companies by; None where there were too few, or none were compared.

    >>> Models().people is None
    True
    """

    people: Model | None = None
    companies: Model | None = None

    def save(self, path: str | Path) -> None:
        """Write both as JSON."""
        said = {_FORMAT: 1} | {name: model.as_dict() if model else None for name, model in vars(self).items()}
        Path(path).write_text(json.dumps(said, indent=2) + "\n", "utf-8")

    @staticmethod
    def load(path: str | Path) -> Models:
        """Read what `save` wrote, or somebody edited.

        Raises:
            ConfigError: the file is none of models.
        """
        try:
            said = json.loads(Path(path).read_text("utf-8"))
            read = {name: _read(said, name) for name in ("people", "companies")}
        except (OSError, ValueError) as error:
            msg = f"{path} holds no models that this version of idgraph can read: {error}. Mend it, or write it anew."
            raise ConfigError(msg) from None
        return Models(**read)


def _read(said: Any, name: str) -> Model | None:  # noqa: ANN401 - what a file holds
    """Read one model; ValueError says what of it is wrong."""
    if not isinstance(said, dict) or name not in said:
        raise ValueError(f"it lacks {name!r}")
    try:
        return None if said[name] is None else Model.from_dict(said[name])
    except ValueError as error:
        raise ValueError(f"of {name}, {error}") from None
