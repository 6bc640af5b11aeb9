"""Stored results: one JSON file a study and scale."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from studies.study import SCALES, Check, Scale, StudyResult

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Record:
    """A result and how it came about."""

    number: int
    study: str
    scale: Scale
    seed: int
    seconds: float
    """Processor seconds."""
    version: str
    python: str
    result: StudyResult

    @property
    def holds(self) -> bool:
        """Whether the claim holds."""
        return self.result.holds


def record(number: int, study: str, scale: Scale, seed: int, seconds: float, result: StudyResult) -> Record:
    """Put a result and its circumstances together."""
    from adami import __version__

    return Record(
        number, study, scale, seed, round(seconds, 2), __version__, platform.python_version(), result
    )


def save(found: Record, folder: Path = RESULTS) -> Path:
    """Write a record; an earlier one of the same study and scale is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{found.number:03d}-{found.scale}.json"
    path.write_text(json.dumps(asdict(found), indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    return path


def load(number: int, folder: Path = RESULTS) -> Record | None:
    """Return the stored record of the largest scale, or None."""
    for scale in reversed(SCALES):
        path = folder / f"{number:03d}-{scale}.json"
        if path.exists():
            plain = json.loads(path.read_text("utf-8"))
            result = dict(plain["result"])
            result["checks"] = tuple(Check(**c) for c in result.get("checks", ()))
            return Record(**{**plain, "result": StudyResult(**result)})
    return None
