"""The table of the instructors' page is what was measured, and what was measured is good enough."""

import pytest

from ae_lib import load_results
from tools import bench_grade


def test_the_page_shows_the_record(tmp_path, monkeypatch):
    record = load_results("grading")
    (shown,) = bench_grade.BLOCK.findall(bench_grade.PAGE.read_text(encoding="utf-8"))
    assert shown == bench_grade.table(record)
    page = tmp_path / "page.md"
    page.write_text("no place for the table", encoding="utf-8")
    monkeypatch.setattr(bench_grade, "PAGE", page)
    with pytest.raises(SystemExit, match="0 places for the table"):
        bench_grade.write_page(record)


def test_the_record_reaches_the_targets():
    record = load_results("grading")
    pool = bench_grade.seconds_of(record, "ae-grade", 2)
    assert pool <= 0.4
    assert bench_grade.seconds_of(record, "otter run") >= 5 * pool
    assert record["keras"]["boxed"] <= 1.2 * record["keras"]["bare"]
    assert record["class"]["peak"]["all_mib"] < 500
    samples = record["memory"]["samples"]
    assert samples[-1]["done"] >= 1000
    for key in ("run_mib", "largest_worker_mib"):
        assert samples[-1][key] - samples[0][key] < 20  # the records themselves, for the reports
