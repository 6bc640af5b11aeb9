"""What an engine has answered, kept with the pieces of a page: scans of a big table are its longest part."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from adami._atomic import write_atomically
from adami.engines.sample import Drawn
from adami.engines.source import Source
from adami.report._pieces import ENGINE, Pieces


class Scans:
    """Answers of an engine in a folder, each for one state of the files and one question.

    Answers are kept where it can be told whether the data are still the same: for files, by their sizes and
    times. A table of a database is asked again.

    Parameters
    ----------
    folder : path, optional
        That of the other pieces; without it nothing is kept.
    source : Source
    """

    def __init__(self, folder: str | os.PathLike[str] | None, source: Source) -> None:
        self.files = [
            [str(f.resolve()), f.stat().st_size, f.stat().st_mtime_ns] for f in sorted(source.origin.files)
        ]
        self.pieces = None
        if folder is not None and self.files:
            self.pieces = Pieces(Path(folder, ENGINE), {}, {"backend": source.backend})

    def once(self, name: str, question: Mapping[str, Any], ask: Callable[[], Any]) -> Any:
        """Return the kept answer to a question, or ask and keep it."""
        if self.pieces is None:
            return ask()
        key = self._key(name, question)
        found = self.pieces.find(key)
        if found is None:
            found = ask()
            self.pieces.keep(key, found)
        return found

    def drawn(self, question: Mapping[str, Any], names: Sequence[str], ask: Callable[[], Drawn]) -> Drawn:
        """Return the rows drawn before, from an Arrow file, or draw and keep them."""
        if self.pieces is None:
            return ask()
        key = self._key("rows", {**question, "names": list(names)})
        path = self.pieces.folder / f"rows-{key[1][:24]}.arrow"
        told = self.pieces.find(key)
        if told is not None and (kept := _read(path, told["sha256"])) is not None:
            return Drawn.of(kept, told["total"])
        found = ask()
        data = _written(found.table)
        write_atomically(path, data)
        self.pieces.keep(key, {"sha256": hashlib.sha256(data).hexdigest(), "total": found.total})
        return found

    def _key(self, name: str, question: Mapping[str, Any]) -> tuple[str, str]:
        text = json.dumps([self.files, dict(question)], sort_keys=True, default=str)
        return name, hashlib.sha256(text.encode()).hexdigest()


def _written(table: Any) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _read(path: Path, checksum: str) -> Any:
    import pyarrow as pa

    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    if hashlib.sha256(data).hexdigest() != checksum:
        warnings.warn(f"{path} is torn or was changed: the rows are drawn again", UserWarning, stacklevel=3)
        return None
    return pa.ipc.open_file(data).read_all()
