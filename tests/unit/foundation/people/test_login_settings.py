"""Where the provider's secret comes from, and what comes with people's own accounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import Settings


def test_the_secret_comes_from_the_file_before_the_variable(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("of the file\n")
    assert Settings(oidc_client_secret="of the variable").read_oidc_client_secret() == "of the variable"
    configured = Settings(oidc_client_secret="of the variable", oidc_client_secret_file=str(path))
    assert configured.read_oidc_client_secret() == "of the file"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none"
    with pytest.raises(ConfigError, match=f"REDEYE_OIDC_CLIENT_SECRET_FILE={path} cannot be read"):
        Settings(oidc_client_secret_file=str(path)).read_oidc_client_secret()


def test_people_bring_four_eyes_unless_it_is_given() -> None:
    assert not Settings().four_eyes
    assert Settings(oidc_issuer="https://people.example").four_eyes
    assert not Settings(oidc_issuer="https://people.example", four_eyes=False).four_eyes
