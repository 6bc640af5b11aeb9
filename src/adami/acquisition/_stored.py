"""State on disk: JSON for what can be read, safetensors for arrays, no pickle."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from adami._atomic import write_atomically

FORMAT = 1


def packed(value: Any, arrays: dict[str, np.ndarray], name: str = "") -> Any:
    """Return a value as JSON can hold it; arrays go into `arrays` under dotted names.

    Raises
    ------
    TypeError
        If something is neither a plain value nor an array, naming where it lies.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.generic):
        return packed(value.item(), arrays, name)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": str(value)}
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise TypeError(f"{name}: an array of {value.dtype} cannot be stored; use numbers")
        arrays[name] = value
        return {"$array": name}
    if isinstance(value, list):
        return [packed(v, arrays, f"{name}.{i}") for i, v in enumerate(value)]
    if isinstance(value, tuple):
        return {"$tuple": [packed(v, arrays, f"{name}.{i}") for i, v in enumerate(value)]}
    if isinstance(value, set | frozenset):
        members = sorted(value, key=repr)
        return {"$set": [packed(v, arrays, f"{name}.{i}") for i, v in enumerate(members)]}
    if isinstance(value, Mapping):
        if all(isinstance(k, str) and not k.startswith("$") for k in value):
            return {k: packed(v, arrays, f"{name}.{k}") for k, v in value.items()}
        rows = [
            [packed(k, arrays, f"{name}.key{i}"), packed(v, arrays, f"{name}.{i}")]
            for i, (k, v) in enumerate(value.items())
        ]
        return {"$map": rows}
    raise TypeError(f"{name}: {type(value).__name__} cannot be stored as JSON and arrays")


def unpacked(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Return the value that `packed` was given."""
    if isinstance(value, list):
        return [unpacked(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((mark, inner),) = value.items()
        if mark == "$float":
            return float(inner)
        if mark == "$array":
            return arrays[inner]
        if mark == "$tuple":
            return tuple(unpacked(v, arrays) for v in inner)
        if mark == "$set":
            return {unpacked(v, arrays) for v in inner}
        if mark == "$map":
            return {unpacked(k, arrays): unpacked(v, arrays) for k, v in inner}
    return {k: unpacked(v, arrays) for k, v in value.items()}


def write_state(path: str | Path, told: Mapping[str, Any]) -> None:
    """Write a JSON file, and its arrays beside it; a reader finds the old state or the whole new one.

    Parameters
    ----------
    path : path
        Ends in ``.json``; arrays go to a ``.safetensors`` file of that name with a digest.
    told : mapping
        Plain values and arrays.
    """
    goal = Path(path)
    if goal.suffix != ".json":
        raise ValueError(f"{goal}: a state is stored under a name that ends in .json")
    arrays: dict[str, np.ndarray] = {}
    document = {"format": FORMAT, **{k: packed(v, arrays, k) for k, v in told.items()}}
    beside = None
    if arrays:
        data = _saved(arrays)
        beside = f"{goal.stem}-{hashlib.sha256(data).hexdigest()[:12]}.safetensors"
        document["arrays"] = beside
        write_atomically(goal.with_name(beside), data)
    text = json.dumps(document, allow_nan=False, ensure_ascii=False, indent=1)
    write_atomically(goal, (text + "\n").encode())
    # only now nothing points to the arrays of earlier states
    for old in goal.parent.glob(f"{_literal(goal.stem)}-{'[0-9a-f]' * 12}.safetensors"):
        if old.name != beside:
            old.unlink(missing_ok=True)


def read_state(path: str | Path) -> dict[str, Any]:
    """Read what `write_state` wrote.

    Raises
    ------
    ValueError
        If the file is torn, of another kind, or its arrays are missing or changed.
    """
    source = Path(path)
    if not source.exists():
        raise FileNotFoundError(f"there is no file {source}")
    try:
        document = json.loads(source.read_bytes())
        version = document["format"]
    except (ValueError, KeyError, TypeError) as problem:
        raise ValueError(f"{source} is torn or no state that adami stored") from problem
    if version != FORMAT:
        raise ValueError(f"{source} was stored in format {version!r}; this version of adami reads {FORMAT}")
    arrays: dict[str, np.ndarray] = {}
    if "arrays" in document:
        arrays = _arrays(source, str(document.pop("arrays")))
    document.pop("format")
    try:
        return {k: unpacked(v, arrays) for k, v in document.items()}
    except KeyError as problem:
        raise ValueError(f"{source} names an array {problem} that its arrays do not hold") from problem


def _saved(arrays: Mapping[str, np.ndarray]) -> bytes:
    try:
        from safetensors.numpy import save
    except ImportError as problem:
        raise ImportError("storing arrays needs safetensors: pip install 'adami[acquire]'") from problem
    return bytes(save({k: np.array(v, order="C") for k, v in arrays.items()}))


def _arrays(source: Path, name: str) -> dict[str, np.ndarray]:
    if Path(name).name != name:
        raise ValueError(f"{source} points to arrays outside of its folder: {name!r}")
    beside = source.with_name(name)
    if not beside.exists():
        raise ValueError(f"{source} needs the file {name} beside it; copy both")
    data = beside.read_bytes()
    if hashlib.sha256(data).hexdigest()[:12] not in name:
        raise ValueError(f"{beside} is torn or was changed")
    try:
        from safetensors.numpy import load
    except ImportError as problem:
        raise ImportError("reading arrays needs safetensors: pip install 'adami[acquire]'") from problem
    # those that are read lie in one read-only block
    return {k: np.array(v) for k, v in load(data).items()}


def _literal(text: str) -> str:
    import glob

    return glob.escape(text)
