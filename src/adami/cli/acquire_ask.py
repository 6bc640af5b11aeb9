"""adami acquire ask: one question at a time, with the belief after every answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adami.cli import _options as o
from adami.cli._session import command, out_console, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from adami.acquisition import DIMEPolicy, Questionnaire

SHOWN = 5
"""Further questions whose worth is shown."""
WIDTH = 30


@command
def ask(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL.json", help="What acquire train wrote.", show_default=False)
    ],
    confidence: Annotated[
        float | None,
        typer.Option(
            "--confidence", min=0.0, max=1.0, help="Stop when the answer is this sure; 0 for never."
        ),
    ] = 0.95,
    budget: Annotated[
        float | None, typer.Option("--budget", help="Largest total cost.", show_default=False)
    ] = None,
    questions: Annotated[
        int | None,
        typer.Option("--questions", "-n", min=1, help="Largest number of questions.", show_default=False),
    ] = None,
    penalty: Annotated[
        float | None,
        typer.Option(
            "--penalty",
            help="Stop when no question is worth more than so many nats for each unit of its cost.",
            show_default=False,
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            "--state",
            metavar="RUN.json",
            help="Write every answer here, and go on from what is there.",
            show_default=False,
        ),
    ] = None,
    bits: o.Bits = False,
    as_json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Ask one question at a time until the answer is sure enough, or the budget is gone.

    Type ? for what you do not know, q to stop. Answers may also be piped in, one a line.

    Example: adami acquire ask penguins.model.json --confidence 0.95
    """
    from adami.acquisition import Questionnaire, Stop
    from adami.acquisition.dime_policy import DIMEPolicy

    asks = Questionnaire.load(model)
    stop = Stop(budget=budget, max_queries=questions, confidence=confidence or None, penalty=penalty)
    if state is not None and state.exists():
        policy = DIMEPolicy.load(state, model=asks.model_, stop=stop)
        # the limits of now may allow more
        policy.stop_reason = ""
    else:
        policy = asks.policy(stop=stop)
    console = out_console()
    silent = quiet or as_json
    if not silent:
        console.print(f"{asks.target}?", style="bold", markup=False)
    ended = _converse(console, asks, policy, state, bits, silent)
    _show_end(console, asks, policy, ended, as_json, quiet)


def _converse(
    console: Console,
    asks: Questionnaire,
    policy: DIMEPolicy,
    state: Path | None,
    bits: bool,
    silent: bool,
) -> str:
    """Ask until the policy or the person stops; return why."""
    while (query := policy.ask()) is not None:
        if not silent:
            show_belief(console, policy.belief())
            _show_gains(console, asks, policy, bits)
        column = asks.columns_.columns[query]
        while True:
            try:
                typed = console.input("" if silent else f"\n{column.name} ({column.hint()}): ", markup=False)
            except EOFError:
                return "the answers ended"
            if typed.strip().lower() == "q":
                return "stopped"
            try:
                if typed.strip() in ("?", ""):
                    policy.refuse(query)
                else:
                    value = column.value(typed)
                    policy.tell(query, value)
                    if not silent and (warning := column.strange(value)):
                        console.print(warning, style="yellow", markup=False)
            except ValueError as problem:
                console.print(str(problem), style="red", markup=False)
                continue
            break
        if state is not None:
            policy.save(state)
    return str(policy.stop_reason)


def show_belief(console: Console, belief: Any) -> None:
    """Show the probability of each label as a bar, the likeliest first."""
    from rich.text import Text

    wide = max(len(name) for name in belief)
    for name, p in sorted(belief.items(), key=lambda pair: -pair[1])[:10]:
        full = "█" * round(WIDTH * p)
        line = Text(f"  {name:<{wide}}  ")
        line.append(f"{full:<{WIDTH}}", style="cyan")
        line.append(f" {100 * p:5.1f} %")
        console.print(line)
    if len(belief) > 10:
        console.print(f"  and {len(belief) - 10} less likely ones", markup=False)


def _show_gains(console: Console, asks: Questionnaire, policy: DIMEPolicy, bits: bool) -> None:
    """Show what the next questions are expected to tell, and that for each unit of cost."""
    from rich.table import Table

    from adami.result import LN2

    unit, name = (LN2, "bits") if bits else (1.0, "nats")
    gains = policy.gains()
    priced = {q: gain / policy.cost(q) for q, gain in gains.items()}
    table = Table(box=None, padding=(0, 2))
    table.add_column("  worth asking")
    table.add_column(name, justify="right")
    dear = any(policy.cost(q) != 1 for q in gains)
    if dear:
        table.add_column("cost", justify="right")
        table.add_column(f"{name} a unit", justify="right")
    for q in sorted(priced, key=lambda q: -priced[q])[:SHOWN]:
        cells = [f"  {asks.columns_.names[q]}", f"{gains[q] / unit:.3f}"]
        if dear:
            cells += [f"{policy.cost(q):g}", f"{priced[q] / unit:.3f}"]
        table.add_row(*cells)
    console.print(table)


def _show_end(
    console: Console, asks: Questionnaire, policy: DIMEPolicy, ended: str, as_json: bool, quiet: bool
) -> None:
    decision, belief = str(policy.recommend()), policy.belief()
    if as_json:
        print_json(
            {
                "target": asks.target,
                "decision": decision,
                "confidence": policy.confidence,
                "belief": belief,
                "asked": [asks.columns_.names[e.query] for e in policy.ledger.entries],
                "refused": [asks.columns_.names[e.query] for e in policy.ledger.entries if e.refused],
                "cost": policy.spent["cost"],
                "stop_reason": ended,
            }
        )
        return
    if quiet:
        print(decision)
        return
    console.print()
    show_belief(console, belief)
    asked = int(policy.spent["queries"])
    console.print(
        f"\n{asks.target}: {decision}, {100 * policy.confidence:.1f} % sure after {asked} "
        f"question{'s' if asked != 1 else ''}, cost {policy.spent['cost']:g} ({_why(ended)})",
        style="bold",
        markup=False,
        highlight=False,
    )


def _why(ended: str) -> str:
    words = {
        "confidence": "sure enough",
        "budget": "the budget is gone",
        "max_queries": "that was the last question allowed",
        "penalty": "no further question is worth its cost",
        "exhausted": "there is nothing left to ask",
    }
    return words.get(ended, ended)
