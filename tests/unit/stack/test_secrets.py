"""Secrets are generated once, for their owner only."""

from __future__ import annotations

import re
import stat
from dataclasses import asdict

import pytest

from redeye.foundation.errors import ConfigError
from redeye.stack.secrets import FILE_NAME, load_or_create


def test_only_the_owner_may_read_them(tmp_path):
    load_or_create(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_rights_that_were_opened_are_closed_again(tmp_path):
    load_or_create(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o644)
    load_or_create(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_they_stay_the_same(tmp_path):
    assert load_or_create(tmp_path) == load_or_create(tmp_path)


def test_two_installations_share_none(tmp_path):
    one, other = load_or_create(tmp_path / "one"), load_or_create(tmp_path / "other")
    assert not set(asdict(one).values()) & set(asdict(other).values())


def test_a_new_secret_is_added_and_the_old_ones_stay(tmp_path):
    before = load_or_create(tmp_path)
    path = tmp_path / FILE_NAME
    kept = [line for line in path.read_text().splitlines() if not line.startswith("AIRFLOW_JWT_SECRET=")]
    path.write_text("\n".join(kept))
    after = load_or_create(tmp_path)
    assert after.airflow_jwt_secret not in ("", before.airflow_jwt_secret)
    assert after.warehouse_db_password == before.warehouse_db_password


def test_they_are_safe_in_urls_dsns_and_sql(tmp_path):
    assert all(
        re.fullmatch(r"[A-Za-z0-9_=-]{20,}", value) for value in asdict(load_or_create(tmp_path)).values()
    )


def test_they_do_not_show_when_printed(tmp_path):
    made = load_or_create(tmp_path)
    assert made.postgres_password not in repr(made)


def test_a_line_that_is_no_assignment_is_named(tmp_path):
    (tmp_path / FILE_NAME).write_text("OUTPUTS_DB_PASSWORD\n")
    with pytest.raises(ConfigError, match=r"secrets\.env, line 1"):
        load_or_create(tmp_path)
