"""Which questions are asked, after which answers."""

from __future__ import annotations

from redeye.review.new_project.answers import Answers
from redeye.review.new_project.question_order import describe_questions, is_asked, is_required


def test_every_answer_is_asked_for_with_what_it_means() -> None:
    asked = describe_questions()
    assert [name for name, _, _ in asked] == list(Answers.model_fields)
    assert all(len(question) > 15 for _, question, _ in asked)


def test_what_follows_from_an_answer_is_asked_after_it() -> None:
    rows: dict[str, object] = {}
    customers: dict[str, object] = {"each": ["customer_id"], "seen_within": "28", "take": "count"}
    assert is_required("predict", rows)
    assert not is_asked("take", rows)
    assert is_required("take", customers)
    assert not is_required("predict", customers)
    assert is_required("predict", {**customers, "take": "mean"})
    assert not is_asked("valid", customers)
    assert is_required("valid", {"each": ["customer_id"]})
    assert is_required("project", rows)


def test_classes_are_asked_for_where_a_column_may_say_them() -> None:
    assert is_asked("classes", {})
    assert not is_asked("classes", {"is_at_least": "3"})
    assert not is_asked("classes", {"each": ["buyer"], "take": "exists"})
    assert is_asked("classes", {"each": ["buyer"], "take": "last"})
    assert not is_asked("unseen_class", {})
    assert is_asked("unseen_class", {"classes": ["sample"]})


def test_a_number_is_asked_for_of_rows_whose_question_is_no_other() -> None:
    assert is_asked("is_number", {})
    assert not is_asked("is_number", {"is_at_least": "3"})
    assert not is_asked("is_number", {"each": ["buyer"], "take": "sum"})
    assert not is_asked("classes", {"is_number": "yes"})
    assert is_asked("classes", {"is_number": "no"})
