"""A code that another replaces is read as the new one from its first night on."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from pydantic import ValidationError

from redeye.declarations.project import project
from redeye.declarations.successions import Succession, rename_codes

FIRST = date(2015, 10, 17)
SAID = {"column": "carrier", "key": "carrier_id", "old": "US", "new": "AA", "first_night": FIRST}
MERGER = Succession.model_validate({**SAID, "because": "US Airways flies as American."})
CODES = pd.Series(["US", "AA", "DL", None])


@pytest.mark.parametrize("name", ["carrier", "carrier_id"])
def test_the_old_code_is_read_as_the_new_from_its_first_night_on(name: str) -> None:
    assert rename_codes(CODES, [MERGER], name=name, night=FIRST).tolist() == ["AA", "AA", "DL", None]
    assert rename_codes(CODES, [MERGER], name=name, night=date(2015, 10, 16)).tolist() == CODES.tolist()


def test_another_column_keeps_its_codes() -> None:
    assert rename_codes(CODES, [MERGER], name="origin", night=FIRST).tolist() == CODES.tolist()


@pytest.mark.parametrize("wrong", [{"new": "US"}, {"old": "U'S"}, {"because": "short"}])
def test_a_succession_that_says_nothing_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Succession.model_validate({**SAID, "because": "US Airways flies as American.", **wrong})


def test_a_key_that_is_no_column_of_the_subject_and_a_code_said_twice_are_refused() -> None:
    declared = project().model_dump()
    for said in ([{**MERGER.model_dump(), "key": "carrier_code"}], [MERGER.model_dump()] * 2):
        with pytest.raises(ValidationError, match="successions"):
            type(project()).model_validate({**declared, "successions": said})
