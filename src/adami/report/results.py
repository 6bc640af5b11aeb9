"""What `rank`, `matrix` and `profile` return: plain records that print, export and draw themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adami.result import Diagnostic, Estimate, _plain


@dataclass(frozen=True, slots=True)
class Relevance:
    """What one column tells about the target.

    Parameters
    ----------
    name, kind : str
    information : Estimate
        I(column; target), with interval and p-value.
    share : float or None
        Information divided by H(target), when the target is discrete.
    missing : int
        Rows without a value in this column.
    adjusted_p : float or None
        p-value after Benjamini-Hochberg over the columns of the table.
    repeats : str or None
        The column, more relevant than this one, that already tells most of what this one tells.
    """

    name: str
    kind: str
    information: Estimate
    share: float | None = None
    missing: int = 0
    adjusted_p: float | None = None
    repeats: str | None = None


@dataclass(frozen=True, slots=True)
class Interaction:
    """What two columns tell together beyond, or short of, what each tells alone.

    Parameters
    ----------
    first, second : str
    together : float
        I(first, second; target) in nats.
    synergy : Estimate
        I(first, second; target) - I(first; target) - I(second; target): positive where they speak only
        together, negative where they repeat each other.
    adjusted_p : float or None
        p-value of synergy = 0 after Benjamini-Hochberg over the pairs measured.
    """

    first: str
    second: str
    together: float
    synergy: Estimate
    adjusted_p: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One column added to the sufficient set.

    Parameters
    ----------
    name : str
    gain : Estimate
        I(column; target | columns chosen before), with its permutation p-value.
    total : float
        I(chosen columns; target) so far, in nats, as the sum of the gains.
    accepted : bool
        Whether the gain passed the test; the first that does not ends the path.
    """

    name: str
    gain: Estimate
    total: float
    accepted: bool = True


@dataclass(frozen=True, slots=True)
class Ranking:
    """Which columns tell how much about the target, which repeat each other, and which few are enough.

    Parameters
    ----------
    target, target_kind : str
    target_entropy : Estimate or None
        H(target), when the target is discrete.
    rows : tuple of Relevance
        Most informative first.
    interactions : tuple of Interaction
        Pairs of columns, strongest (either sign) first.
    path : tuple of Step
        Greedy path to the smallest sufficient set.
    n : int
        Rows of the table.
    diagnostics : tuple of Diagnostic
    settings : mapping
        How it was computed.
    seconds : float
    """

    target: str
    target_kind: str
    target_entropy: Estimate | None
    rows: tuple[Relevance, ...]
    interactions: tuple[Interaction, ...] = ()
    path: tuple[Step, ...] = ()
    n: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def __iter__(self) -> Iterator[Relevance]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Relevance:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    def plot(self, ax: Any = None) -> Any:
        """Draw the relevance of the columns with their intervals, by matplotlib, and return the axes."""
        from adami.report.plots import plot_ranking

        return plot_ranking(self, ax)

    @property
    def sufficient(self) -> tuple[str, ...]:
        """Names of the columns that are enough."""
        return tuple(s.name for s in self.path if s.accepted)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "target": self.target,
            "target_kind": self.target_kind,
            "target_entropy": _plain(self.target_entropy),
            "n": self.n,
            "columns": [
                {
                    "name": r.name,
                    "kind": r.kind,
                    "information": r.information.to_dict(),
                    "share": _plain(r.share),
                    "missing": r.missing,
                    "adjusted_p": r.adjusted_p,
                    "repeats": r.repeats,
                }
                for r in self.rows
            ],
            "interactions": [
                {
                    "first": i.first,
                    "second": i.second,
                    "together": _plain(i.together),
                    "synergy": i.synergy.to_dict(),
                    "adjusted_p": i.adjusted_p,
                }
                for i in self.interactions
            ],
            "path": [
                {"name": s.name, "gain": s.gain.to_dict(), "total": _plain(s.total), "accepted": s.accepted}
                for s in self.path
            ],
            "sufficient": list(self.sufficient),
            "diagnostics": [_diagnostic(d) for d in self.diagnostics],
            "settings": _plain(self.settings),
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class Matrix:
    """Information between all pairs of columns.

    Parameters
    ----------
    names, kinds : tuple of str
    information : numpy.ndarray
        Shape ``(p, p)``, nats, symmetric; the diagonal holds entropies of discrete columns and NaN otherwise.
    normalized : numpy.ndarray
        Shape ``(p, p)``, in [0, 1]: I / min(H, H) for two discrete columns, sqrt(1 - exp(-2 I)) with a
        continuous one; 1 on the diagonal.
    p_values : numpy.ndarray or None
        Shape ``(p, p)``.
    counts : numpy.ndarray
        Shape ``(p, p)``: complete rows of each pair.
    methods : tuple of tuple of str
        Estimator of each pair.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    information: np.ndarray
    normalized: np.ndarray
    p_values: np.ndarray | None
    counts: np.ndarray
    methods: tuple[tuple[str, ...], ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def __getitem__(self, pair: tuple[str, str]) -> float:
        first, second = (self.names.index(p) for p in pair)
        return float(self.information[first, second])

    def plot(self, ax: Any = None) -> Any:
        """Draw the normalized matrix as a heat map, by matplotlib, and return the axes."""
        from adami.report.plots import plot_matrix

        return plot_matrix(self, ax)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "names": list(self.names),
            "kinds": list(self.kinds),
            "information": _plain(self.information),
            "normalized": _plain(self.normalized),
            "p_values": _plain(self.p_values),
            "counts": _plain(self.counts),
            "methods": _plain(self.methods),
            "diagnostics": [_diagnostic(d) for d in self.diagnostics],
            "settings": _plain(self.settings),
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """One column by itself.

    Parameters
    ----------
    name, kind : str
    missing : int
    distinct : int
    entropy : Estimate or None
        H of a discrete column, h of a continuous one, None where it has none (constant or mixed numbers).
    """

    name: str
    kind: str
    missing: int
    distinct: int
    entropy: Estimate | None
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """The information profile of a table: everything that the page shows.

    Parameters
    ----------
    source : str
        Name of the table.
    ranking : Ranking
    matrix : Matrix
    columns : tuple of ColumnSummary
        In the order of the table, the target included.
    data : mapping of name -> array
        Raw columns, for the small plots; never exported.
    """

    source: str
    ranking: Ranking
    matrix: Matrix
    columns: tuple[ColumnSummary, ...]
    data: Mapping[str, np.ndarray] = field(repr=False, default_factory=dict)
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, without the rows of the table."""
        return {
            "source": self.source,
            "ranking": self.ranking.to_dict(),
            "matrix": self.matrix.to_dict(),
            "columns": [
                {
                    "name": c.name,
                    "kind": c.kind,
                    "missing": c.missing,
                    "distinct": c.distinct,
                    "entropy": _plain(c.entropy),
                    "diagnostics": [_diagnostic(d) for d in c.diagnostics],
                }
                for c in self.columns
            ],
            "seconds": self.seconds,
        }

    def to_html(self, bits: bool = False) -> str:
        """Return the page: one self-contained HTML file."""
        from adami.report.page import render

        return render(self, bits=bits)

    def save(self, path: Any, bits: bool = False) -> None:
        """Write the page to a file, whole or not at all.

        Raises
        ------
        OSError
            If it cannot be written; what stood there before is untouched.
        """
        from adami._atomic import write_atomically

        try:
            write_atomically(path, self.to_html(bits=bits).encode("utf-8"))
        except OSError as problem:
            raise OSError(f"cannot write the page {str(path)!r}: {problem.strerror or problem}") from problem

    def _repr_html_(self) -> str:
        """Show the page in a frame of its own, so that its style stays out of the notebook."""
        import html

        page = html.escape(self.to_html(), quote=True)
        return f'<iframe srcdoc="{page}" style="width:100%;height:80vh;border:0" title="Profile"></iframe>'


def _diagnostic(d: Diagnostic) -> dict[str, Any]:
    return {"flag": d.flag, "message": d.message, "severity": d.severity, "direction": d.direction}
