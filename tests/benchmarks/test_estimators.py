"""The comparison of estimators: truths by construction, budgets, resuming, peers, and the page."""

from __future__ import annotations

import json
import math
import sys
from itertools import islice

import numpy as np
import pytest

from adami import tasks
from adami.estimators.registry import CLASSES
from benchmarks import __main__ as command
from benchmarks import estimators
from benchmarks._estimators_methods import Ours, contestant, ours
from benchmarks._estimators_page import page
from benchmarks._estimators_tasks import _class_information, in_turn, laws
from benchmarks._estimators_worker import PEERS, answer

pytest.importorskip("torch")


LINES = ("1v1-normal-0.75", "1v1-additive-0.1", "parabola-0.5", "ring-0.2")
LABELS, PLAIN, WIDE = (f"unrelated, {k}" for k in ("4 by 6 labels", "1 by 1 normal", "3 by 3 normal"))


def chosen(*names):
    return [law for law in laws() if any(law.name == n or law.name.startswith(f"{n},") for n in names)]


def test_every_benchmark_law_and_group_is_there():
    found = {law.name: law for law in laws()}
    assert len(found) == len(laws())
    assert set(tasks.BENCHMARK) <= set(found)
    counts = {g: sum(law.group == g for law in found.values()) for g in {law.group for law in found.values()}}
    assert [counts[g] for g in ("spirals", "one by one", "Gaussian copulas", "Student-t")] == [6, 10, 15, 9]
    groups = list(counts)
    assert {law.group for law in islice(in_turn(laws()), len(groups))} == set(groups)


@pytest.mark.parametrize("name", ["digits, same class 50%", "student-sparse-wiggly", LABELS])
def test_the_same_seed_draws_the_same_rows(name):
    (law,) = chosen(name)
    one, two, other = law.draw(60, 3), law.draw(60, 3), law.draw(60, 4)
    assert len(one[0]) == len(one[1]) == 60
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])
    assert (one[0] != other[0]).any()


def test_digits_share_what_their_classes_share():
    assert _class_information(1.0) == pytest.approx(math.log(10))
    assert _class_information(0.0) == pytest.approx(0.0)
    share = 0.5
    joint = (1 - share) / 100 + share * np.eye(10) / 10
    assert _class_information(share) == pytest.approx(float((joint * np.log(joint * 100)).sum()))
    (law,) = chosen("digits, same class 100%")
    x, y = law.draw(400, 0)
    # grey levels come back by rounding down, and no image stands on both sides
    images = [set(map(bytes, np.floor(side).astype(np.uint8))) for side in (x, y)]
    assert not images[0] & images[1]


def test_all_estimators_of_information_compete():
    assert {"auto", "mist", "minde", "plugin", "ksg"} <= set(ours())
    assert set(ours()) <= set(CLASSES)
    assert not {"kl", "dse", "wasserstein", "cs_qmi"} & set(ours())


def run(path, methods, some, **options):
    store = estimators.Store(path)
    estimators.run(store, methods, some, **{"sizes": (60,), "seeds": (1, 2), **options})
    store.write()
    return estimators.Store(path)


def test_a_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    path, some = tmp_path / "e.json", chosen("1v1-normal-0.75", LABELS)
    store = run(path, ["gaussian", "plugin"], some)
    assert {c["seed"] for c in store.cells} == {1, 2}
    refused = [c for c in store.cells if "refused" in c]
    assert {c["method"] for c in refused} == {"gaussian", "plugin"}
    assert all("discrete" in c["refused"] or "continuous" in c["refused"] for c in refused)
    monkeypatch.setattr(Ours, "measure", lambda *_: pytest.fail("measured again"))
    again = run(path, ["gaussian", "plugin"], some)
    assert again.cells == store.cells
    monkeypatch.undo()
    more = run(path, ["gaussian"], some, seeds=(1, 2, 3))
    assert len(more.cells) == len(store.cells) + 2


def test_a_budget_is_kept_and_what_it_left_is_told(tmp_path):
    some = chosen("1v1-normal-0.75", PLAIN, WIDE)
    store = run(tmp_path / "e.json", ["ksg"], some, budget=0.0)
    assert store.cells == []
    store = run(tmp_path / "e.json", ["ksg"], some, budget=1e-9)
    assert len(store.cells) == 1
    text = page(store.cells, store.methods, store.machines, laws(), ours())
    assert "| ksg | 1 |" in text


def test_an_interrupted_run_keeps_what_was_written(tmp_path, monkeypatch):
    monkeypatch.setattr(estimators, "BETWEEN_WRITES", -1.0)
    path = tmp_path / "e.json"
    store = estimators.Store(path)
    plain, count = Ours.measure, []

    def broken(self, x, y):
        count.append(1)
        if len(count) == 4:
            raise KeyboardInterrupt
        return plain(self, x, y)

    monkeypatch.setattr(Ours, "measure", broken)
    with pytest.raises(KeyboardInterrupt):
        estimators.run(
            store,
            ["gaussian"],
            chosen(*LINES),
            (60,),
            (1,),
        )
    # the first call only loads what is compiled
    assert len(json.loads(path.read_text())["rows"]) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["e.json"]


def test_peers_answer_from_their_own_process():
    x, noise = np.random.default_rng(0).normal(size=(2, 200, 1))
    with contestant("scikit-learn, KSG", []) as peer:
        told = peer.measure(x, x + noise)
        assert abs(told["value"] - 0.5 * math.log(2)) < 0.2
        assert "one column" in peer.measure(np.hstack([x, noise]), x)["refused"]
        assert "numbers" in peer.measure(x[:, 0].astype(str), x)["refused"]
    with contestant("bmi, KSG", [sys.executable]) as peer:
        assert "No module named" in peer
    assert answer(lambda x, y: math.nan, x, x)["refused"] == "answers nan"
    assert len({d for d, _ in PEERS.values()}) >= 5


def test_the_page_tells_errors_coverage_independence_and_reasons(tmp_path):
    some = chosen("1v1-normal-0.75", PLAIN, WIDE, "mixed-label-gaussian-3-1")
    store = run(tmp_path / "e.json", ["auto", "gaussian", "ross"], some, seeds=(1, 2, 3))
    text = page(store.cells, store.methods, store.machines, laws(), [*ours(), *PEERS])
    assert "## one by one, 60 rows" in text
    line = next(t for t in text.splitlines() if t.startswith("| auto | 1 | "))
    assert line.count("|") == 11
    assert "Refused: ross (9 not run)." in text[: text.index("## labels beside")]
    unrelated = text[text.index("## Unrelated") :]
    assert "| gaussian | 6 | " in unrelated
    assert "2 of 2" in unrelated
    assert "**ross**: TypeError" in unrelated


def test_a_biased_method_fails_the_test_of_independence():
    law = chosen(WIDE)[0]
    cells = [
        {"method": m, "law": law.name, "n": 500, "seed": s, "value": v, "seconds": 0.1}
        for m, values in (("ksg", (0.2, 0.21, 0.19)), ("gaussian", (0.01, -0.01, 0.0)))
        for s, v in enumerate(values)
    ]
    text = page(cells, {"ksg": "adami", "gaussian": "adami"}, ["here"], laws(), ["ksg", "gaussian"])
    lines = {t.split(" | ")[0]: t for t in text[text.index("## Unrelated") :].splitlines()}
    assert "0 of 1" in lines["| ksg"]
    assert "1 of 1" in lines["| gaussian"]


def test_a_file_with_its_own_command_is_run_by_name(tmp_path, monkeypatch, capsys):
    path = tmp_path / "page.md"
    options = ["--methods", "gaussian", "--tasks", "1v1-normal-0.75", "--seeds", "1", "--sizes", "60"]
    monkeypatch.setattr(sys, "argv", ["benchmarks", "estimators", *options, "--output", str(path)])
    assert command.main() == 0
    assert "| gaussian | 6 | " in path.read_text()
    assert path.with_suffix(".json").exists()
    monkeypatch.setattr(sys, "argv", ["benchmarks", "estimators", "--methods", "unheard"])
    with pytest.raises(SystemExit):
        command.main()
    assert "no method 'unheard'" in capsys.readouterr().err
