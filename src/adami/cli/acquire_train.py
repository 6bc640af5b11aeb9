"""adami acquire train: learn which column to ask for next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adami.cli import _options as o
from adami.cli._progress import Meter
from adami.cli._session import command, load_whole, noticed, only, out_console, page_name, print_json

if TYPE_CHECKING:
    from adami.acquisition import AskingCurve, Questionnaire


@command
def train(
    file: o.File,
    target: o.Target,
    column: o.Columns = None,
    costs: Annotated[
        Path | None,
        typer.Option(
            "--costs",
            metavar="COSTS.csv",
            help="A table of two columns: the name of a column, and what asking for it costs. "
            "Without it every column costs 1.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="MODEL.json",
            help="Where the model goes. [default: TABLE.model.json]",
            show_default=False,
        ),
    ] = None,
    test: Annotated[
        float,
        typer.Option("--test", min=0.0, max=0.9, help="Share of the rows kept out of the training."),
    ] = 0.2,
    steps: Annotated[
        int,
        typer.Option(
            "--steps",
            min=1,
            help="Most minibatches of selections; before them come 5 times as many.",
            rich_help_panel=o._HOW,
        ),
    ] = 800,
    seed: o.Seed = 0,
    format: o.FileFormat = None,
    na: o.Na = None,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Learn from a table which of its columns to ask for next. Missing values are columns nobody asked for.

    Example: adami acquire train examples/penguins.csv --target species
    """
    table = load_whole(file, only(column, target), format, na, quiet)
    from adami.acquisition import Questionnaire

    prices = None if costs is None else read_costs(costs)
    goal = out or Path(f"{'table' if file == '-' else Path(page_name(file)).stem}.model.json")
    with noticed(quiet), Meter(quiet) as meter:
        asks = Questionnaire(
            target,
            prices,
            test,
            seed,
            pretraining_steps=5 * steps,
            steps=steps,
            settling_steps=steps // 2 or 1,
            progress=meter,
        ).fit(table)
        asks.save(goal)
        found = asks.curve(table)
    if as_json:
        print_json({"model": str(goal), "stopped": asks.model_.history_["stopped"], **found.to_dict()})
        return
    if quiet:
        print(goal)
        return
    _show(asks, found, goal)


def read_costs(file: Path) -> dict[str, float]:
    """Return costs by name of a column."""
    import csv

    with file.open(newline="", encoding="utf-8-sig") as lines:
        rows = [row for row in csv.reader(lines) if any(cell.strip() for cell in row)]
    found: dict[str, float] = {}
    for number, row in enumerate(rows, 1):
        if len(row) != 2:
            raise ValueError(f"{file}, line {number}: a name and a cost are wanted, not {len(row)} cells")
        name, text = row[0].strip(), row[1].strip()
        try:
            cost = float(text)
        except ValueError:
            if number == 1:
                continue
            raise ValueError(f"{file}, line {number}: the cost {text!r} of {name!r} is no number") from None
        if name in found:
            raise ValueError(f"{file}, line {number}: {name!r} has a cost already")
        found[name] = cost
    if not found:
        raise ValueError(f"{file} holds no costs")
    return found


def _show(asks: Questionnaire, found: AskingCurve, goal: Path) -> None:
    console = out_console()
    first = asks.policy().ask()
    console.print(f"{len(asks.columns_.names)} columns to ask for; the first is", end=" ", markup=False)
    console.print(asks.columns_.names[first], style="bold", markup=False)
    rows = "rows kept out" if found.held_out and asks.test > 0 else "rows of the training"
    last = len(found.asked) - 1
    shown = [*(k for k in (0, 1, 2, 3, 5, 8, 13, 21) if k < last), last]
    from rich.table import Table

    table = Table(title=f"accuracy on {found.n} {rows}, by the number of columns asked for", box=None)
    table.add_column("")
    for k in shown:
        table.add_column(str(k), justify="right")
    for name, values in found.accuracy.items():
        table.add_row(name, *(f"{values[k]:.3f}" for k in shown))
    table.add_row("all columns", *([""] * (len(shown) - 1)), f"{found.everything:.3f}")
    console.print(table)
    console.print(f"written to {goal}; next:  adami acquire ask {goal}", markup=False)
