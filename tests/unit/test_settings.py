"""Settings come from the environment, and their page is not stale."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from redeye.foundation.settings import PROJECT_ROOT, Settings, describe


def test_the_page_on_settings_is_current() -> None:
    page = (PROJECT_ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert page == describe(), "run `./redeye docs`"


def test_a_bad_value_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDEYE_POSTGRES_PORT", "many")
    with pytest.raises(ValidationError, match="postgres_port"):
        Settings()
