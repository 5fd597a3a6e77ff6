"""The one place that touches otter-grader's insides: test files, their messages, their results."""

import inspect

from otter.test_files.abstract_test import TestCase, TestCaseResult
from otter.test_files.exception_test import ExceptionTestFile

from ae_grade.proxy import StudentError
from ae_grade.sheet import Question
from ae_grade.text import clean

__all__ = ["TestFile", "case_title", "message_of", "test_file"]

FAILED = "❌ Test case failed\n"  # what otter writes before a message


class TestFile(ExceptionTestFile):
    """Otter's test file, with messages that speak to the student and not of the grader's files."""

    def _generate_error_message(self, excp: Exception, context: int = 0) -> str:
        if isinstance(excp, StudentError):
            return clean(f"Your code raised {excp.described}")
        if isinstance(excp, MemoryError):
            return "Your answer is too large to be looked at."
        if str(excp):
            return clean(excp)
        return clean(super()._generate_error_message(excp, context))


def test_file(question: Question) -> TestFile:
    """Return a question's tests, freshly read, so that no submission sees another's traces."""
    assert question.tests is not None
    return TestFile.from_string(question.tests, f"{question.name}.py")


def case_title(case: TestCase) -> str:
    """Return the first line of a test's docstring, which says what is tested, or its name."""
    line = (inspect.getdoc(case.body.test_func) or case.name).splitlines()[0]
    return clean(line.removesuffix("."), 200)


def message_of(result: TestCaseResult) -> str:
    """Return what a test case has to say, without otter's decoration."""
    case = result.test_case
    hint = case.success_message if result.passed else case.failure_message
    said = "" if result.passed else (result.message or "").removeprefix(FAILED)
    return clean("\n".join(part for part in (hint, said) if part))
