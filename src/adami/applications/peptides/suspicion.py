"""What spectra tell about their labels, and which labels they speak against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from adami.applications.peptides.batches import PSMs
from adami.applications.peptides.residues import Vocabulary

if TYPE_CHECKING:
    from adami.applications.peptides._nets.learning import Reading


@dataclass(frozen=True, slots=True)
class PSMInformation:
    """What spectra tell about their labels, beyond what the labels tell about themselves, in nats.

    Attributes
    ----------
    residues : tuple of numpy.ndarray
        For each match one value a token, from N to C: ln p(token | spectrum, tokens before) minus
        ln p(token | tokens before), where "before" is towards the C-terminus.
    ends : numpy.ndarray, shape (n,)
        The same for the end of the peptide.
    means : numpy.ndarray, shape (n,)
        Mean over tokens and end. Labels that do not belong to their spectrum have low ones.
    peptides : tuple of tuple of str
        Labels as tokens.
    names : tuple of str
    """

    residues: tuple[np.ndarray, ...]
    ends: np.ndarray
    means: np.ndarray
    peptides: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.means)

    @property
    def order(self) -> np.ndarray:
        """Rows from the most suspicious on; of equals the first."""
        return np.argsort(self.means, kind="stable")

    def suspects(self, most: int | None = None, *, below: float | None = None) -> np.ndarray:
        """Return the most suspicious rows, the worst first.

        Parameters
        ----------
        most : int, optional
            At most so many.
        below : float, optional
            Only those whose mean is below this, in nats; at 0 the spectrum speaks against its label.
        """
        rows = self.order
        if below is not None:
            rows = rows[self.means[rows] < below]
        return rows[:most]

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one mapping for each match, the most suspicious first: for a frame or a file."""
        return [
            {
                "rank": rank,
                "row": int(i),
                "name": self.names[i],
                "peptide": "".join(self.peptides[i]),
                "information": float(self.means[i]),
                "least_residue": float(self.residues[i].min()),
            }
            for rank, i in enumerate(self.order, start=1)
        ]


def information_of(psms: PSMs, read: Sequence[Reading], vocabulary: Vocabulary) -> PSMInformation:
    """Return in words what both decoders said about labels."""
    names = getattr(psms, "names", None) or [f"spectrum {i}" for i in range(len(psms))]
    return PSMInformation(
        # predicted from C to N, and the end last
        residues=tuple(r.information[-2::-1] for r in read),
        ends=np.array([r.information[-1] for r in read]),
        means=np.array([r.information.mean() for r in read]),
        peptides=tuple(tuple(vocabulary.decode(row)) for row in psms.tokens),
        names=tuple(names),
    )
