"""The rules of the house, read from the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "adami"
FLOORS = {
    0: {"result", "variables", "files", "papers"},
    1: {"exact", "tasks"},
    2: {"estimators"},
    3: {"representation", "training", "acquisition", "decoding", "guarantees", "engines"},
    4: {"report", "applications", "sklearn"},
    5: {"verbs"},
    6: {"cli"},
}
"""Private modules beside these packages stand on floor 0."""
FLOOR_OF = {part: floor for floor, parts in FLOORS.items() for part in parts}
SIDE_BY_SIDE = 3
HEAVY = {
    *("scipy", "numba", "pandas", "polars", "sklearn", "torch", "duckdb", "narwhals", "matplotlib", "plotly"),
    *(
        "rich",
        "typer",
        "jinja2",
        "pyarrow",
        "ibis",
        "joblib",
        "dask",
        "ray",
        "pyspark",
        "transformers",
        "gymnasium",
        "networkx",
        "peft",
    ),
}
# where a heavy library may stand at the top of a file: these are imported only when they are needed
ALLOWED = {
    "estimators/_kernels": {"numba"},
    "exact/_kernels": {"numba"},
    "exact/forward_network": {"sklearn"},
    "exact/incremental_mixture": {"sklearn"},
    "exact/matching_mixture": {"sklearn"},
    "exact/max_mi_classifier": {"sklearn"},
    "exact/total_positivity": {"sklearn"},
    "acquisition/_nets": {"torch"},
    "estimators/_nets": {"torch"},
    "applications/peptides/_nets": {"torch"},
    "representation": {"torch"},
    "representation/cauchy_schwarz_regressor": {"sklearn"},
    "representation/rate_reduction_learners": {"sklearn"},
    "representation/subspaces": {"sklearn"},
    "training": {"torch"},
    "cli": {"typer"},
    "report/page": {"jinja2"},
    "report/plots": {"matplotlib"},
    "sklearn": {"sklearn", "scipy"},
}


def files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def part_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def at_top(tree: ast.Module) -> Iterator[ast.stmt]:
    """Give the statements that run on import, without those under TYPE_CHECKING."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        yield node
        if isinstance(node, ast.If):
            checking = "TYPE_CHECKING" in ast.unparse(node.test)
            waiting += node.orelse if checking else [*node.body, *node.orelse]
        elif isinstance(node, ast.Try):
            waiting += [
                *node.body,
                *node.orelse,
                *node.finalbody,
                *(s for h in node.handlers for s in h.body),
            ]
        elif isinstance(node, ast.With):
            waiting += node.body


def modules(node: ast.AST, path: Path) -> list[str]:
    """Give the absolute names of what a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        if node.level:
            folder = ("adami", *path.relative_to(SOURCE).parts[:-1])
            base = folder[: len(folder) - node.level + 1]
            return [".".join((*base, node.module or ""))]
        if node.module == "adami":
            return [f"adami.{alias.name}" for alias in node.names]
        return [node.module or ""]
    return []


def parts_imported(path: Path) -> set[str]:
    """Give the parts of adami that a file imports anywhere, types included."""
    found = {m for node in ast.walk(ast.parse(path.read_text())) for m in modules(node, path)}
    return {m.split(".")[1] for m in found if m.startswith("adami.")}


def floor_of(part: str) -> int:
    """Give the floor of a part; a name that is none is a verb, as in `from adami import rank`."""
    return 0 if part.startswith("_") else FLOOR_OF.get(part, FLOOR_OF["verbs"])


def floor_breaks(part: str, imported: set[str]) -> list[str]:
    """Say which imports go up or sideways."""
    floor = floor_of(part)
    found = []
    for other in sorted(imported - {part}):
        there = floor_of(other)
        if there > floor:
            found.append(f"{part} (floor {floor}) imports {other} (floor {there})")
        elif there == floor == SIDE_BY_SIDE:
            found.append(f"{part} and {other} both stand on floor {SIDE_BY_SIDE}")
    return found


def heavy_at_top(path: Path, tree: ast.Module) -> set[str]:
    """Give the heavy libraries that importing a file would import."""
    allowed = {lib for place, libs in ALLOWED.items() if _lies_in(path, place) for lib in libs}
    tops = {m.split(".")[0] for node in at_top(tree) for m in modules(node, path)}
    return tops & (HEAVY - allowed)


def _lies_in(path: Path, place: str) -> bool:
    name = path.relative_to(SOURCE).with_suffix("").as_posix()
    return name == place or name.startswith(place + "/")


def definitions(tree: ast.Module) -> list[str]:
    """Give what a package's __init__ defines beyond __all__ and the table of lazy names."""
    allowed = {"__all__", "__getattr__", "__dir__", "__version__"}
    found = []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            found += definitions(ast.Module(node.body, []))
            continue
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            if names <= allowed:
                continue
        found.append(f"line {node.lineno}: {ast.unparse(node).splitlines()[0]}")
    return found


def test_every_part_has_a_floor() -> None:
    parts = {part_of(p) for p in files()}
    assert {p for p in parts if not p.startswith("_")} <= FLOOR_OF.keys()


@pytest.mark.parametrize("path", files(), ids=named)
def test_file_keeps_the_rules(path: Path) -> None:
    tree = ast.parse(path.read_text())
    part = part_of(path)
    if part != "__init__":
        assert floor_breaks(part, parts_imported(path)) == []
    assert heavy_at_top(path, tree) == set()
    if path.name == "__init__.py":
        assert definitions(tree) == []


def test_the_rules_can_be_broken(tmp_path: Path) -> None:
    assert floor_breaks("estimators", {"report"})
    assert floor_breaks("training", {"decoding"})
    assert floor_breaks("report", {"rank"})
    assert not floor_breaks("cli", {"report", "verbs", "rank"})
    estimator = SOURCE / "estimators" / "some.py"
    assert heavy_at_top(estimator, ast.parse("import numpy\nimport scipy.special")) == {"scipy"}
    assert heavy_at_top(estimator, ast.parse("try:\n    import torch\nexcept ImportError:\n    pass")) == {
        "torch"
    }
    assert heavy_at_top(estimator, ast.parse("def f():\n    import scipy")) == set()
    assert heavy_at_top(estimator, ast.parse("if TYPE_CHECKING:\n    import torch")) == set()
    assert heavy_at_top(SOURCE / "estimators" / "_kernels" / "some.py", ast.parse("import numba")) == set()
    assert definitions(ast.parse('"""Doc."""\nfrom a import b\n__all__ = ["b"]')) == []
    assert definitions(ast.parse("LIMIT = 3"))
    assert definitions(ast.parse("def f(): ..."))
