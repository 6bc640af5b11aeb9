"""Draw the pictures of "Information of known distributions": ``python docs/draw_known.py``."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from adami import exact

HERE = Path(__file__).parent / "_static"
TEAL, AMBER, GREY, INK = "#0f766e", "#d97706", "#a8a29e", "#292524"
STYLE = {
    "figure.dpi": 150,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.constrained_layout.use": True,
}


def coupling() -> Any:
    """Two laws, joined independently and with the least entropy."""
    p = np.array([0.28, 0.2, 0.15, 0.12, 0.1, 0.08, 0.05, 0.02])
    q = np.array([0.35, 0.22, 0.18, 0.11, 0.08, 0.06])
    greedy = exact.greedy_mec(p, q, base=2)
    tables = {
        "independent": (np.outer(p, q), exact.entropy(np.outer(p, q), base=2)),
        f"greedy (no coupling is below {greedy.bound:.2f} bits)": (greedy.toarray(), greedy.entropy),
    }
    figure, axes = plt.subplots(1, 2, figsize=(7.4, 3.7), sharey=True)
    top = max(table.max() for table, _ in tables.values())
    for ax, (title, (table, bits)) in zip(axes, tables.items()):
        image = ax.imshow(np.where(table > 0, table, np.nan), cmap="YlGnBu", vmin=0, vmax=top)
        for (i, j), mass in np.ndenumerate(table):
            if mass > 0:
                ink = "white" if mass > 0.55 * top else INK
                ax.text(j, i, f"{mass:.2f}".lstrip("0"), ha="center", va="center", fontsize=7, color=ink)
        ax.set_title(f"{title}\njoint entropy {bits:.2f} bits", fontsize=9)
        ax.set_xticks(range(len(q)), [f"{v:.2f}" for v in q], fontsize=7)
        ax.set_yticks(range(len(p)), [f"{v:.2f}" for v in p], fontsize=7)
        ax.set_xlabel("law of Y")
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0)
    axes[0].set_ylabel("law of X")
    figure.colorbar(image, ax=axes, label="joint probability", shrink=0.8)
    return figure


def chain() -> Any:
    """The best coordinates of a spin chain, found greedily, by exhaustion and at random."""
    spins = exact.curie_weiss(d=10, beta=0.5, h=0.3)
    ground = range(spins.n_coordinates)
    rng = np.random.default_rng(0)
    sizes = range(1, 10)
    figure, axes = plt.subplots(1, 2, figsize=(7.4, 3.1))
    names = {"entropy_rate": "entropy rate kept (nats)", "factorizability": "distance to factorizing (nats)"}
    for ax, (objective, label) in zip(axes, names.items()):
        value = getattr(spins, objective)
        every = [[value(s) for s in _subsets(ground, m, rng)] for m in sizes]
        best = [exact.exhaustive_max(value, ground, m).value for m in sizes]
        greedy = [exact.select_coordinates(spins, objective, m, scheme="plain").value for m in sizes]
        ax.fill_between(sizes, [min(v) for v in every], [max(v) for v in every], color=GREY, alpha=0.25, lw=0)
        ax.plot(sizes, [np.mean(v) for v in every], color=GREY, label="random subsets: mean and range")
        ax.plot(sizes, best, color=INK, lw=1, ls=":", label="best subset")
        ax.plot(sizes, greedy, "o", color=TEAL, ms=4, label="greedy")
        ax.set_xlabel("coordinates at most")
        ax.set_ylabel(label)
        ax.set_ylim(bottom=0)
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def _subsets(ground: range, m: int, rng: np.random.Generator) -> list[tuple[int, ...]]:
    return [tuple(sorted(rng.choice(len(ground), m, replace=False).tolist())) for _ in range(40)]


def curves() -> Any:
    """A rate-distortion function beside its closed form, and a bottleneck curve below its limits."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.1))
    p = np.array([0.3, 0.7])
    found = exact.rate_distortion_curve(p, 1 - np.eye(2), 40, base=2)
    left.plot(found.distortions, found.rates, color=TEAL, lw=2, label="Blahut-Arimoto")
    closed = np.linspace(1e-6, 0.3, 12)
    height = exact.binary_entropy(0.3, base=2) - exact.binary_entropy(closed, base=2)
    left.plot(closed, height, "o", color=AMBER, ms=4, label="closed form")
    left.set_xlabel("share of wrong symbols")
    left.set_ylabel("rate (bits a symbol)")
    left.set_xlim(0, 0.32)
    left.legend(frameon=False, fontsize=8)

    grid = np.linspace(-2, 2, 16)
    joint = np.exp(-((grid[:, None] - grid[None]) ** 2) / 0.18 - (grid[:, None] ** 2) / 2)
    joint /= joint.sum()
    curve = exact.information_bottleneck_curve(joint, np.geomspace(1.01, 60, 30), base=2, random_state=0)
    limit = exact.mutual_information(joint, base=2)
    right.plot(curve.rates, curve.relevances, "o-", color=TEAL, lw=1.5, ms=3)
    right.axhline(limit, color=INK, lw=1, ls=":")
    right.text(0.05, 1.01 * limit, "I(X;Y)", va="bottom", fontsize=8)
    right.plot([0, limit], [0, limit], color=GREY, lw=1)
    options = {"rotation": 45, "transform_rotates_text": True, "rotation_mode": "anchor", "ha": "center"}
    right.text(0.5 * limit, 0.53 * limit, "all that is kept is about Y", color=GREY, fontsize=7, **options)
    right.set_xlabel("bits kept of X")
    right.set_ylabel("bits kept about Y")
    right.set_xlim(left=0)
    right.set_ylim(0, 1.12 * limit)
    return figure


def lattice() -> Any:
    """Who tells what about a majority vote: the redundancy lattice of three voters."""
    joint = np.zeros((2, 2, 2, 2))
    for votes in product((0, 1), repeat=3):
        joint[(*votes, int(sum(votes) >= 2))] = 1 / 8
    found = exact.partial_information(joint, measure="imin", base=2)
    level = dict.fromkeys(found.nodes, 0)
    for lower, upper in sorted(found.edges, key=lambda e: found.nodes.index(e[0])):
        level[upper] = max(level[upper], level[lower] + 1)
    rows: dict[int, list[Any]] = {}
    for node in found.nodes:
        rows.setdefault(level[node], []).append(node)
    place = {
        node: (i - (len(row) - 1) / 2, height) for height, row in rows.items() for i, node in enumerate(row)
    }
    figure, ax = plt.subplots(figsize=(6.4, 5.6))
    for lower, upper in found.edges:
        ax.plot(*zip(place[lower], place[upper]), color=GREY, lw=0.7, zorder=1)
    shades = mpl.colormaps["YlGnBu"]
    top = max(found.atoms)
    for node, name, atom in zip(found.nodes, found.labels, found.atoms):
        x, y = place[node]
        share = max(atom, 0) / top
        box = {"boxstyle": "round,pad=0.45", "fc": shades(0.08 + 0.75 * share), "ec": GREY, "lw": 0.7}
        ink = "white" if share > 0.55 else INK
        ax.text(x, y, f"{name}\n{abs(atom):.3f}", ha="center", va="center", fontsize=8, color=ink, bbox=box)
    ax.set_xlim(min(x for x, _ in place.values()) - 0.6, max(x for x, _ in place.values()) + 0.6)
    ax.set_ylim(-0.5, max(level.values()) + 0.5)
    ax.set_axis_off()
    return figure


def main() -> None:
    """Write the four pictures."""
    mpl.use("Agg")
    with mpl.rc_context(STYLE):
        for draw in (coupling, chain, curves, lattice):
            figure = draw()
            figure.savefig(HERE / f"known-{draw.__name__}.png", metadata={"Software": None})
            plt.close(figure)


if __name__ == "__main__":
    main()
