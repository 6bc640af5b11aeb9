"""Work that goes on: pieces kept exactly, after SIGKILL, on full disks, in folders of other work."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import adami.report.profile as profile_module
import adami.report.rank as rank_module
from adami._atomic import write_atomically
from adami.estimators.registry import get
from adami.report import matrix as matrix_module
from adami.report._exact_json import decode, encode
from adami.report._pieces import Pieces, content_hashes
from adami.report._progress import Progress
from adami.report._table import Table
from adami.report.profile import profile
from adami.report.rank import measure_ranking, rank
from adami.result import Diagnostic, Estimate

PAGE = textwrap.dedent(
    """
    import json, sys, warnings
    from dataclasses import replace
    import numpy as np
    from adami.report.profile import profile

    folder, page, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(4, n))
    table = {f"x{j}": hidden[j % 4] + (0.2 + j / 5) * rng.normal(size=n) for j in range(9)}
    table["label"] = np.digitize(hidden[0], [-0.5, 0.5])
    table["gaps"] = np.where(rng.random(n) < 0.1, np.nan, hidden[1])
    table["y"] = hidden[0] + hidden[1] * hidden[2] + 0.5 * rng.normal(size=n) > 0
    found = profile(table, "y", permutations=99, n_jobs=2, resume=folder or None)
    ranking, matrix = replace(found.ranking, seconds=0.0), replace(found.matrix, seconds=0.0)
    found = replace(found, seconds=0.0, ranking=ranking, matrix=matrix)
    with open(page, "w") as file:
        file.write(json.dumps(found.to_dict()) + found.to_html())
    """
)


def small() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 150)
    table = {
        "a": y + rng.normal(size=150),
        "b": rng.normal(size=150).round(1),
        "c": np.array(["u", "v", None], dtype=object)[rng.integers(0, 3, 150)],
        "copy": 1 - y,
        "y": y,
    }
    table["b"][:5] = np.nan
    return table


def timeless(found):
    ranking, matrix = replace(found.ranking, seconds=0.0), replace(found.matrix, seconds=0.0)
    return replace(found, seconds=0.0, ranking=ranking, matrix=matrix)


def told(found) -> str:
    return json.dumps(timeless(found).to_dict()) + timeless(found).to_html()


@pytest.fixture
def calls(monkeypatch) -> Counter:
    """Count the pieces that are measured."""
    counted: Counter = Counter()

    def watch(module, name: str) -> None:
        true = getattr(module, name)

        def counting(*args):
            counted[name] += 1
            return true(*args)

        monkeypatch.setattr(module, name, counting)

    watch(rank_module, "relevance")
    watch(rank_module, "measure_pair")
    watch(matrix_module, "_pair")
    watch(profile_module, "_summary")
    return counted


# -- what is kept ---------------------------------------------------------------------------------------


def test_an_estimate_comes_back_to_the_bit():
    found = Estimate(
        0.1 + 0.2,
        quantity="mutual information",
        method="auto",
        n=7,
        kinds=("mixed", "discrete"),
        interval=(-math.inf, 5e-324),
        interval_kind="partition",
        confidence=0.9,
        p_value=1 / 3,
        measure="other",
        bound="lower",
        pointwise=np.array([np.pi, np.nan, -0.0, np.inf]),
        diagnostics=(Diagnostic("ties", "naïve \ud800 words", "warning", "low"),),
        details={
            "f32": np.float32(0.1),
            "f64": np.float64(0.1),
            "i": np.int64(3),
            "b": np.bool_(True),
            "s": np.str_("x"),
            "nan": math.nan,
            "zero": -0.0,
            "nested": {"a": (1, [2.5, None]), 3: np.arange(4, dtype=np.int8).reshape(2, 2)},
        },
    )
    back = decode(json.loads(json.dumps(encode(found), allow_nan=False)))
    assert type(back) is Estimate
    assert back.value.hex() == found.value.hex()
    for name in (n for n in found.__dict__ if n not in ("pointwise", "details")):
        assert getattr(back, name) == getattr(found, name)
    assert back.pointwise.tobytes() == found.pointwise.tobytes()
    for name, value in found.details.items():
        assert type(back.details[name]) is type(value)
        assert repr(back.details[name]) == repr(value)
    assert back.details["f32"].dtype == np.float32


def test_what_cannot_be_kept_is_refused(tmp_path):
    store = Pieces(tmp_path, {"a": "0"}, {})
    with pytest.raises(TypeError, match=r"'relevance a' cannot be kept .* a complex .*resume"):
        store.keep(("relevance", "a"), {"value": 1j})
    assert len(store) == 0


def test_every_value_and_type_counts_for_the_hash():
    tables = [
        np.array([1.0, 2.0]),
        np.array([1.0, np.nextafter(2.0, 3.0)]),
        np.array([1, 2]),
        np.array(["1", "2"], dtype=object),
        np.array(["1", None], dtype=object),
        np.array(["1", "None"], dtype=object),
        np.array(["1\n2"], dtype=object),
        np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]"),
        np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[s]"),
        np.array([], dtype=float),
    ]
    assert len({content_hashes({"x": t})["x"] for t in tables}) == len(tables)
    strided = np.arange(10.0)[::2]
    assert content_hashes({"x": strided}) == content_hashes({"x": strided.copy()})


# -- going on -------------------------------------------------------------------------------------------


def test_nothing_is_measured_twice(tmp_path, calls):
    plain = profile(small(), "y", permutations=19)
    once = dict(calls)
    assert once == {"relevance": 4, "measure_pair": 6, "_pair": 6, "_summary": 5}
    first = profile(small(), "y", permutations=19, resume=tmp_path)
    assert calls == Counter({name: 2 * n for name, n in once.items()})
    second = profile(small(), "y", permutations=19, resume=tmp_path)
    assert calls == Counter({name: 2 * n for name, n in once.items()})
    assert told(plain) == told(first) == told(second)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_interrupted_profile_goes_on(tmp_path, calls, n_jobs):
    plain = told(profile(small(), "y", permutations=19))
    calls.clear()
    for stop in (3, 6, 11, 24):

        def interrupt(done: int, total: int, what: str, stop: int = stop) -> None:
            if done == stop:
                raise KeyboardInterrupt

        cut = profile(small(), "y", permutations=19, resume=tmp_path, n_jobs=n_jobs, progress=interrupt)
        assert "interrupted" in {d.flag for d in (*cut.ranking.diagnostics, *cut.matrix.diagnostics)}
    whole = profile(small(), "y", permutations=19, resume=tmp_path, n_jobs=n_jobs)
    assert told(whole) == plain
    # a piece may be finished and kept while another one is being interrupted: nothing is measured twice
    assert calls["relevance"] == 4
    assert calls["measure_pair"] == 6


def test_progress_counts_what_was_kept(tmp_path):
    seen: list[int] = []
    for _ in range(2):
        seen.clear()
        profile(small(), "y", permutations=19, resume=tmp_path, progress=lambda done, *_: seen.append(done))
    assert seen == sorted(seen)
    assert seen[-1] == 4 + 6 + 8 + 10


def test_plain_ksg_keeps_its_shared_sorts(tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    table = {f"x{j}": rng.normal(size=80) for j in range(4)} | {"y": rng.normal(size=80)}
    plain = profile(table, "y", method="ksg", permutations=9)
    profile(table, "y", method="ksg", permutations=9, resume=tmp_path)
    monkeypatch.setattr("adami.estimators.pairwise.ksg_all_pairs", None)
    assert told(profile(table, "y", method="ksg", permutations=9, resume=tmp_path)) == told(plain)


def test_known_columns_are_taken_over():
    table = Table(small(), None, "drop")
    options = {"confidence": 0.95, "permutations": 9, "max_pairs": 6, "random_state": 0, "n_jobs": 1}
    given = Estimate(0.5, method="counts", n=150)
    seen: list[tuple[int, int, str]] = []
    progress = Progress(lambda *step: seen.append(step), 18)
    found = measure_ranking(
        table, "y", get("auto"), progress=progress, known={"b": given, "no column": given}, **options
    )
    assert found["b"].information is given
    plain = rank(small(), "y", permutations=9, max_pairs=6)
    assert found["a"].information == plain["a"].information
    assert [what for _, _, what in seen].count("relevance") == 4


def test_a_late_target_keeps_its_pairs_when_interrupted():
    rng = np.random.default_rng(2)
    table = {f"x{j}": rng.normal(size=60) for j in range(3)} | {"y": rng.normal(size=60)}

    def stop(done: int, total: int, what: str) -> None:
        if what == "pairs":
            raise KeyboardInterrupt

    found = profile(table, "y", permutations=0, progress=stop)
    for row in found.ranking:
        assert found.matrix[row.name, "y"] == row.information.value
    assert math.isnan(found.matrix["x0", "x1"])


# -- other work, torn pieces, full disks ----------------------------------------------------------------


def test_other_work_is_refused_with_what_differs(tmp_path):
    profile(small(), "y", permutations=9, resume=tmp_path)
    kept = sorted(p.name for p in tmp_path.iterdir())
    changed = small()
    changed["a"][7] += 1e-12
    with pytest.raises(ValueError, match=r"holds pieces of other work: column\(s\) 'a' have other values"):
        profile(changed, "y", permutations=9, resume=tmp_path)
    with pytest.raises(ValueError, match=r"permutations is 9 there and 19 here.*another folder"):
        profile(small(), "y", permutations=19, resume=tmp_path)
    with pytest.raises(ValueError, match="method is 'Auto\\(\\)' there and 'KSG\\(k=5\\)' here"):
        profile(small(), "y", method=get("ksg", k=5), permutations=9, resume=tmp_path)
    fewer = {n: v for n, v in small().items() if n != "b"}
    with pytest.raises(ValueError, match="'b' are not in this table"):
        profile(fewer, "y", permutations=9, resume=tmp_path)
    turned = dict(reversed(small().items()))
    with pytest.raises(ValueError, match="another order"):
        profile(turned, "y", permutations=9, resume=tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"adami": "0.0.0"}))
    with pytest.raises(ValueError, match=r"adami 0\.0\.0 made them"):
        profile(small(), "y", permutations=9, resume=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == kept


def test_what_was_counted_elsewhere_belongs_to_the_work(tmp_path):
    known = {("c", "y"): Estimate(0.25, n=10**6)}
    options = {"permutations": 9, "resume": tmp_path}
    found = profile(small(), "y", known=known, **options)
    assert found.matrix["c", "y"] == found.ranking["c"].information == 0.25
    profile(small(), "y", known={("c", "y"): Estimate(0.25 + 1e-15, n=10**6)}, **options)
    with pytest.raises(ValueError, match=r"'\(counted over all rows\)' have other values"):
        profile(small(), "y", known={("c", "y"): Estimate(0.26, n=10**6)}, **options)


def test_folders_that_are_none_of_ours(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"holds other files \(notes\.txt\)"):
        profile(small(), "y", resume=tmp_path)
    with pytest.raises(ValueError, match="is a file; name a folder"):
        profile(small(), "y", resume=tmp_path / "notes.txt")
    with pytest.raises(ValueError, match="random_state must be a number"):
        profile(small(), "y", random_state=None, resume=tmp_path / "new")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "manifest.json").write_text('{"adami"')
    with pytest.raises(ValueError, match="cannot be read as adami wrote it"):
        profile(small(), "y", resume=tmp_path / "torn")
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_torn_pieces_are_told_and_measured_again(tmp_path, calls):
    plain = profile(small(), "y", permutations=9, resume=tmp_path)
    pieces = sorted(tmp_path.glob("piece-relevance-*.json"))
    pieces[0].write_text(pieces[0].read_text()[:-40])
    pieces[1].write_text(re.sub(r'"n": \d+', '"n": 1', pieces[1].read_text().replace('["n", 1', '["n", 2')))
    pieces[2].write_bytes(b"\xff\xfe\x00")
    pieces[3].write_bytes(b"")
    calls.clear()
    with pytest.warns(
        UserWarning, match=r"torn or was changed: the piece 'relevance .*' is measured again"
    ) as said:
        again = profile(small(), "y", permutations=9, resume=tmp_path)
    assert len(said) == 4
    assert calls == Counter(relevance=4)
    assert told(again) == told(plain)
    profile(small(), "y", permutations=9, resume=tmp_path)
    assert calls == Counter(relevance=4)


def test_a_piece_of_other_work_is_never_taken(tmp_path):
    one, other = Pieces(tmp_path / "1", {"a": "0"}, {}), Pieces(tmp_path / "2", {"a": "1"}, {})
    one.keep(("k", "a"), 1)
    other.keep(("k", "a"), 2)
    name = next((tmp_path / "1").glob("piece-*")).name
    os.replace(tmp_path / "1" / name, tmp_path / "2" / name)
    assert other.find(("k", "a")) is None


def test_a_full_disk_is_one_clear_error(tmp_path, monkeypatch, calls):
    plain = told(profile(small(), "y", permutations=9))
    calls.clear()
    true, written = os.fsync, Counter()

    def full(number: int) -> None:
        written["files"] += 1
        if written["files"] > 8:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        true(number)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=rf"the folder '{tmp_path}': No space left on device.* 7 pieces"):
        profile(small(), "y", permutations=9, resume=tmp_path)
    monkeypatch.setattr(os, "fsync", true)
    assert not list(tmp_path.glob(".*"))
    assert told(profile(small(), "y", permutations=9, resume=tmp_path)) == plain
    assert calls["relevance"] == 4


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
def test_a_real_limit_of_the_file_system(tmp_path):
    body = f"""
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900))
        from adami.report._pieces import Pieces
        store = Pieces({str(tmp_path)!r}, {{"a": "0"}}, {{}})
        store.keep(("k", "a"), 1)
        store.keep(("k", "b"), "long " * 1000)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(body)], capture_output=True, text=True)
    assert "OSError: cannot keep what is finished in the folder" in ended.stderr
    assert "File too large" in ended.stderr
    assert [p.name[:7] for p in sorted(tmp_path.iterdir())] == ["manifes", "piece-k"]
    assert Pieces(tmp_path, {"a": "0"}, {}).find(("k", "a")) == 1


def test_the_page_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    found = profile(small(), "y", permutations=9)
    page = tmp_path / "page.html"
    page.write_text("yesterday's")
    page.chmod(0o640)
    link = tmp_path / "link.html"
    link.symlink_to(page)

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"cannot write the page '.*page\.html': No space left on device"):
            found.save(page)
    assert page.read_text() == "yesterday's"
    found.save(link)
    assert link.is_symlink()
    assert page.read_text(encoding="utf-8") == found.to_html()
    assert page.stat().st_mode & 0o777 == 0o640
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(OSError, match=r"cannot write the page '/no/such/folder/page\.html': No such file"):
        found.save("/no/such/folder/page.html")
    write_atomically("/dev/null", b"what is no file is written directly")


# -- the command --------------------------------------------------------------------------------------------


def untimed(shown: str) -> str:
    return re.sub(r"\d+\.\d+ s\b", "", shown)


def test_the_command_goes_on_and_shows_what_it_found_without_a_page(tmp_path, monkeypatch, calls):
    typer = pytest.importorskip("typer.testing")
    from adami.cli.app import app

    table = {n: v for n, v in small().items() if n != "c"}
    rows = zip(*[["" if v != v else v for v in column.tolist()] for column in table.values()])
    lines = [",".join(table), *(",".join(map(str, row)) for row in rows)]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.chdir(tmp_path)
    line = ["profile", "t.csv", "--target", "y", "--permutations", "9", "--resume", "pieces"]
    first = typer.CliRunner().invoke(app, line)
    assert first.exit_code == 0, first.output
    page, counted = Path("t.html").read_bytes(), dict(calls)
    torn = sorted(Path("pieces").glob("piece-pairs-*"))[0]
    torn.write_text("{")
    again = typer.CliRunner().invoke(app, line)
    assert "is torn or was changed" in " ".join(again.stderr.split())
    assert untimed(again.stdout) == untimed(first.stdout)
    assert calls == Counter(counted) + Counter(measure_pair=1)
    assert len(Path("t.html").read_bytes()) == pytest.approx(len(page), abs=20)
    refused = typer.CliRunner().invoke(app, [*line[:-3], "19", "--resume", "pieces"])
    assert refused.exit_code == 1
    assert "permutations is 9 there and 19 here" in " ".join(refused.stderr.split())

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    failed = typer.CliRunner().invoke(app, line)
    assert failed.exit_code == 1
    assert untimed(failed.stdout) == untimed(first.stdout)
    assert "cannot write the page 't.html': No space left on device" in " ".join(failed.stderr.split())


# -- killed ---------------------------------------------------------------------------------------------


def start(folder: Path | str, page: Path, rows: int) -> subprocess.Popen:
    quiet = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ADAMI_QUIET": "1"}
    return subprocess.Popen([sys.executable, "-c", PAGE, str(folder), str(page), str(rows)], env=quiet)


def pieces_in(folder: Path) -> dict[str, tuple[int, int]]:
    return {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in folder.glob("piece-*")}


def test_killed_at_random_moments_it_ends_with_the_same_page(tmp_path):
    pages = [tmp_path / "plain.html", tmp_path / "killed.html"]
    assert start("", pages[0], 1500).wait(100) == 0
    folder, kept = tmp_path / "pieces", {}
    moments = np.random.default_rng(3).integers(3, 40, 3)
    for more in moments:
        run, end = start(folder, pages[1], 1500), time.monotonic() + 60
        while run.poll() is None and len(pieces_in(folder)) < len(kept) + more:
            assert time.monotonic() < end
            time.sleep(0.005)
        run.send_signal(signal.SIGKILL)
        run.wait()
        now = pieces_in(folder)
        # not one that was there was written again
        assert kept.items() <= now.items()
        kept = now
    assert start(folder, pages[1], 1500).wait(100) == 0
    assert kept.items() <= pieces_in(folder).items()
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_two_processes_on_one_folder_do_no_harm(tmp_path):
    pages = [tmp_path / f"{i}.html" for i in range(3)]
    assert [run.wait(100) for run in [start(tmp_path / "pieces", page, 300) for page in pages[:2]]] == [0, 0]
    assert start("", pages[2], 300).wait(100) == 0
    assert pages[0].read_bytes() == pages[1].read_bytes() == pages[2].read_bytes()
