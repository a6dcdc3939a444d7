"""What a command is given by name."""

from __future__ import annotations

import pytest

from redeye.cli.shell import check_model
from redeye.foundation.errors import ConfigError


@pytest.mark.parametrize("name", ["../../evil", "a/b", "", "flight delay"])
def test_what_names_no_model_is_refused_before_it_is_made_a_path(name: str) -> None:
    with pytest.raises(ConfigError, match="names no model"):
        check_model(name)
    assert check_model("flight_delay") == "flight_delay"
