"""The finished pieces of a long piece of work, in a folder: what is done outlives the process that did it."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adami._atomic import write_atomically
from adami._inputs import RawColumns
from adami._version import __version__
from adami.report._exact_json import decode, encode

MANIFEST = "manifest.json"
ENGINE = "engine"
"""Folder, among the pieces, of what an engine has answered."""
OBJECT_ROWS = 10_000
"""Rows of text hashed at a time."""


class Pieces:
    """A folder of finished pieces of work on one table with one set of settings.

    Each piece is a file of its own, moved into place when it is whole; its name and its content tell which
    piece of what work it is. Several processes may use one folder: pieces are the same whoever makes them,
    so that one only overwrites another's with its equal.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    data : mapping of column -> hash
        What the work is done on, in order; `content_hashes` makes it.
    settings : mapping of str -> value for JSON
        What decides the result beside the data.

    Raises
    ------
    ValueError
        If the folder holds other files, or the pieces of another table, of other settings, or of another
        version of adami; the message names what differs.
    OSError
        If the folder cannot be made, read or written.
    """

    def __init__(
        self, folder: str | os.PathLike[str], data: Mapping[str, str], settings: Mapping[str, Any]
    ) -> None:
        self.folder = Path(folder)
        manifest = {
            "adami": __version__,
            "columns": [[name, digest] for name, digest in data.items()],
            "settings": dict(settings),
        }
        text = json.dumps(manifest, sort_keys=True)
        self.work = hashlib.sha256(text.encode()).hexdigest()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            there = self._manifest()
        except (FileExistsError, NotADirectoryError):
            raise ValueError(f"resume: {str(self.folder)!r} is a file; name a folder") from None
        if there is None:
            self._write(MANIFEST, json.dumps(manifest, indent=1))
        elif there != json.loads(text):
            raise ValueError(
                f"resume: the folder {str(self.folder)!r} holds pieces of other work: "
                f"{'; '.join(_differences(there, json.loads(text)))}. Give another folder, or delete this one"
            )

    def find(self, key: Sequence[str]) -> Any:
        """Return a finished piece, or None; one that is torn is told of and taken as not finished."""
        path = self.folder / self._name(key)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except ValueError:
            text = ""
        try:
            whole = json.loads(text)
            piece = whole["piece"]
            if whole["sha256"] != _checksum(piece):
                raise ValueError("its checksum is wrong")
            if piece["work"] != self.work or piece["key"] != list(key):
                return None
            return decode(piece["value"])
        except (ValueError, KeyError, TypeError):
            warnings.warn(
                f"{path} is torn or was changed: the piece {' '.join(key)!r} is measured again",
                UserWarning,
                stacklevel=2,
            )
            return None

    def keep(self, key: Sequence[str], value: Any) -> None:
        """Write a finished piece.

        Raises
        ------
        OSError
            If it cannot be written; what was kept before is whole.
        TypeError
            If it holds what JSON cannot hold.
        """
        try:
            piece = {"work": self.work, "key": list(key), "value": encode(value)}
        except TypeError as problem:
            raise TypeError(
                f"the piece {' '.join(key)!r} cannot be kept in {str(self.folder)!r}: {problem}; run without "
                "resume, or let the estimator tell plain numbers and words in its details"
            ) from None
        whole = {"sha256": _checksum(piece), "piece": piece}
        self._write(self._name(key), json.dumps(whole, allow_nan=False))

    def __len__(self) -> int:
        """Return the number of pieces kept."""
        return sum(1 for _ in self._files())

    def _files(self) -> Iterator[Path]:
        return self.folder.glob("piece-*.json")

    def _name(self, key: Sequence[str]) -> str:
        return f"piece-{key[0]}-{hashlib.sha256(json.dumps(list(key)).encode()).hexdigest()[:24]}.json"

    def _manifest(self) -> Any:
        """Return what the folder says of its work; None for a new folder."""
        path = self.folder / MANIFEST
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            others = [
                p.name for p in self.folder.iterdir() if not p.name.endswith(".part") and p.name != ENGINE
            ]
        except ValueError:
            raise ValueError(
                f"resume: {str(path)!r} cannot be read as adami wrote it; delete the folder, or give another"
            ) from None
        if others:
            raise ValueError(
                f"resume: the folder {str(self.folder)!r} holds other files ({', '.join(sorted(others)[:3])}"
                "); give a new or an empty one"
            )
        return None

    def _write(self, name: str, text: str) -> None:
        try:
            write_atomically(self.folder / name, text.encode("utf-8"))
        except OSError as problem:
            raise OSError(
                f"cannot keep what is finished in the folder {str(self.folder)!r}: "
                f"{problem.strerror or problem}. The {len(self)} pieces kept there before are whole: make "
                "room and run the same again with this folder"
            ) from problem


def content_hashes(columns: RawColumns) -> dict[str, str]:
    """Return a hash of the type and of every value of each column."""
    return {name: _content_hash(raw) for name, raw in columns.items()}


def _content_hash(raw: np.ndarray) -> str:
    made = hashlib.sha256(f"{raw.dtype.str} {raw.shape}".encode())
    if raw.dtype != object:
        made.update(np.ascontiguousarray(raw).view(np.uint8).data)
        return made.hexdigest()
    for start in range(0, len(raw), OBJECT_ROWS):
        some = "\n".join(f"{type(v).__name__} {v!r}" for v in raw[start : start + OBJECT_ROWS])
        made.update(some.encode("utf-8", "surrogatepass") + b"\n")
    return made.hexdigest()


def _checksum(piece: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(piece, sort_keys=True).encode()).hexdigest()


def _differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """Say in words what differs between two manifests."""
    said = []
    if there.get("adami") != here["adami"]:
        said.append(f"adami {there.get('adami')} made them, this is {here['adami']}")
    old, new = dict(there.get("columns", ())), dict(here["columns"])
    gone, more = [n for n in old if n not in new], [n for n in new if n not in old]
    changed = [n for n in new if n in old and new[n] != old[n]]
    for names, what in (
        (gone, "are not in this table"),
        (more, "are new in this table"),
        (changed, "have other values or types there"),
    ):
        if names:
            said.append(f"column(s) {_listed(names)} {what}")
    if not (gone or more or changed) and list(old) != list(new):
        said.append("the columns stand in another order")
    was, now = there.get("settings", {}), here["settings"]
    said += [
        f"{name} is {was.get(name)!r} there and {now.get(name)!r} here"
        for name in sorted({*was, *now})
        if was.get(name) != now.get(name)
    ]
    return said or ["the manifest is another"]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
