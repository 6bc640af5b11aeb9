"""The optimizers of `adami.exact` side by side, wherever several solve the same thing.

python -m studies.compare_exact                      # quick, printed
python -m studies.compare_exact --scale full --save  # minutes, stored for docs/papers.md
"""

from __future__ import annotations

import argparse

import numpy as np

from studies import _exact_fits as fits
from studies import _exact_searches as searches
from studies import table
from studies.comparison import Row, markdown, save
from studies.study import Scale


def run(scale: Scale = "quick", seed: int = 0) -> list[Row]:
    """Run all contests.

    Parameters
    ----------
    scale : {"quick", "full", "gpu"}
        Seconds, or minutes; there is nothing for an accelerator beyond "full".
    seed : int

    Returns
    -------
    list of Row
        One a contestant, case and metric.
    """
    small = scale == "quick"
    # a stream of its own for each contest, so that one does not change the data of the next
    streams = np.random.default_rng(seed).spawn(6)
    return [
        *searches.couplings(streams[0], 5 if small else 50, (16, 12) if small else (32, 24)),
        *searches.subsets(streams[1], 8 if small else 10, 50 if small else 500),
        *fits.precisions(streams[2], 8 if small else 20, 1 if small else 3),
        *fits.mixtures(streams[3], 2, 500 if small else 2000),
        *fits.mixtures(streams[3], 5, 500 if small else 2000),
        *searches.rates(streams[4], 6 if small else 12),
        *searches.redundancies(),
        *searches.commons(streams[5]),
    ]


def main() -> int:
    """Run and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m studies.compare_exact", description=__doc__)
    parser.add_argument("--scale", choices=("quick", "full"), default="quick")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", action="store_true", help="store the rows and write docs/papers.md")
    chosen = parser.parse_args()
    rows = run(chosen.scale, chosen.seed)
    print(markdown(rows))
    if chosen.save:
        save("exact", rows, chosen.scale, chosen.seed)
        table.write(measured=table.MEASURED)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
