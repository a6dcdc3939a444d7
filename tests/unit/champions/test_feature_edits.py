"""How a changed feature comes to stand beside the old one, without a command that would refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from redeye.champions.feature_edits import TABLES, advise_beside
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import PROJECT_ROOT
from redeye.review.scaffold import add_version


def test_a_table_of_its_own_files_is_put_beside_by_the_command() -> None:
    assert (
        advise_beside("feat_origin__weather")
        == "as a new version (`./redeye new version feat_origin__weather`)"
    )


def test_a_table_that_shares_its_declaration_is_not_as_the_command_refuses_it() -> None:
    assert "redeye new" not in advise_beside("feat_carrier__delays")
    with pytest.raises(ConfigError, match="shares its SQL"):
        add_version("feat_carrier__delays", root=PROJECT_ROOT)


def test_a_version_that_is_there_is_named(tmp_path: Path) -> None:
    (tmp_path / TABLES).mkdir(parents=True)
    for name in ("feat_x__y.sql", "feat_x__y.yml", "feat_x__y_v2.sql"):
        (tmp_path / TABLES / name).touch()
    assert advise_beside("feat_x__y", root=tmp_path) == "in feat_x__y_v2, which stands beside feat_x__y"
