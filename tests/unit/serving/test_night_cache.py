"""What is kept of answers takes no more room than there is."""

from __future__ import annotations

from redeye.serving.night import Night
from redeye.serving.night_cache import Answers


def test_the_oldest_answers_make_room():
    night, other = (Night({}, [], {}) for _ in range(2))
    answers = Answers(most_bytes=10)
    answers.keep(night, "json", "a", (b"12345", "1"))
    answers.keep(other, "json", "a", (b"12345", "2"))
    assert answers.find(night, "json", "a") == (b"12345", "1")
    answers.keep(night, "json", "b", (b"123", "3"))
    assert answers.find(night, "json", "a") is None
    assert answers.find(other, "json", "a") == (b"12345", "2")
    answers.keep(night, "json", "c", (b"more than there is", "4"))
    assert answers.find(night, "json", "c") is None
    answers.keep(night, "json", "d", (b"1234567890", "5"))
    assert answers.find(night, "json", "d") == (b"1234567890", "5")
