"""``check``: what a student sees."""

import pytest

import ae_lib
from ae_lib import check
from ae_lib.sheets import expect

SHEET = "pca_sheet"


def test_an_unknown_question_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "no tests for this question. It has tests for q1, q2" in str(check("q99"))
    unknown = str(check("q1", sheet="99_nothing"))
    assert f"ae_lib {ae_lib.__version__} knows no sheet '99_nothing'" in unknown
    assert "newer version of ae_lib" in unknown
    assert not check("q99").passed


def test_a_name_that_no_cell_has_defined_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = str(check("q2"))
    assert "pca_error is not there yet. Run the cell of your answer." in found
    assert f"the sheet is not for ae_lib {ae_lib.__version__}" in found
    monkeypatch.setitem(globals(), "pca_error", ...)
    assert "pca_error has no value yet. Replace the dots" in str(check("q2"))


def test_without_a_sheet(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(globals(), "SHEET")
    assert "Run the first cells" in str(check("q1"))


def test_tests_beside_the_notebook_go_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    body = (
        "from ae_lib.sheets import test_case\n"
        "@test_case(points=1)\n"
        "def test_x(my_value):\n    '''My <value>.'''\n    assert my_value == 2, 'Look & see.'\n"
    )
    path = tmp_path / "tests" / "q1.py"
    path.write_text("# 02_other\n" + body, encoding="utf-8")
    assert "My <value>" not in str(check("q1"))  # another sheet's folder
    monkeypatch.setitem(globals(), "my_value", 1)
    path.write_text("# pca_sheet\n" + body, encoding="utf-8")
    assert "not yet  My <value>.\n           Look & see." in str(check("q1"))
    assert "My &lt;value&gt;.<br><em>Look &amp; see.</em>" in check("q1")._repr_html_()
    monkeypatch.setitem(globals(), "my_value", 2)
    assert check("q1").passed
    assert "1 of 1 public tests passed. Hidden tests may follow" in str(check("q1"))


def test_errors_of_the_student_are_messages(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def pca_error(x, k):
        raise SystemExit("bye")

    monkeypatch.setitem(globals(), "pca_error", pca_error)
    assert "pca_error stopped with SystemExit: bye" in str(check("q2"))
    monkeypatch.setitem(globals(), "pca_error", 3)
    assert "pca_error is a int; expected a function" in str(check("q2"))


def test_the_line_that_stopped_is_named(tmp_path, monkeypatch):
    """Of the student's own code, also where a library below it raised."""
    monkeypatch.chdir(tmp_path)
    cell = tmp_path / "cell.py"  # as IPython keeps the source of each cell
    cell.write_text(
        "def pca_error(x, k):\n    import json\n    return json.loads('{')\n", encoding="utf-8"
    )
    exec(compile(cell.read_text(encoding="utf-8"), str(cell), "exec"), globals())
    monkeypatch.setitem(globals(), "pca_error", globals().pop("pca_error"))
    told = str(check("q2"))
    assert "pca_error stopped with JSONDecodeError" in told
    assert "(line 3 of its cell: return json.loads('{'))" in told


def test_nothing_is_checked_while_a_grader_runs_the_notebook(monkeypatch):
    monkeypatch.setenv("AE_GRADING", "1")
    assert not check("q1").cases


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: expect.number(..., "x"), "no value yet"),
        (lambda: expect.number(True, "x"), "x is a bool; expected a number"),
        (lambda: expect.number(float("nan"), "x"), "x is nan"),
        (lambda: expect.number(10**400, "x"), "expected a finite number"),
        (lambda: expect.number("3", "x"), "x is a str"),
        (lambda: expect.whole(2.5, "x"), "x is 2.5; expected a whole number"),
        (lambda: expect.array("abc", "x"), "x is a str; expected a NumPy array"),
        (lambda: expect.array([[1], [1, 2]], "x"), "not an array of numbers"),
        (lambda: expect.array([1, float("inf")], "x"), "NaN or infinite"),
        (lambda: expect.array([1, 2], "x", (3,)), r"shape \(2,\); expected \(3,\)"),
        (lambda: expect.pair([1], "f"), "f must return two things"),
        (lambda: expect.choice("c", "x", ["a", "b"]), "'c'; expected one of 'a', 'b'"),
        (lambda: expect.model(3, "net"), "net is a int; expected a Keras model"),
        (lambda: expect.call(lambda: None, "f"), "f returned nothing"),
        (lambda: expect.call(lambda: 1 / 0, "f"), "f stopped with ZeroDivisionError"),
    ],
)
def test_answers_of_the_wrong_kind(ask, message):
    with pytest.raises(AssertionError, match=message):
        ask()
