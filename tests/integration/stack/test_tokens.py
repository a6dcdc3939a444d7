"""Commands that make, list and revoke consumers' tokens, on a ledger of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from prepared_installations import MODEL, Kind
from typer.testing import CliRunner

from redeye.cli import app
from redeye.foundation.catalogs import Catalog
from redeye.foundation.postgres import insert, read_rows
from redeye.serving import token_store
from redeye.serving.logic.tokens import hash_token


@pytest.fixture
def installed(prepared, tmp_path, monkeypatch):
    monkeypatch.setenv("REDEYE_ACTOR", "ann")
    with prepared.installed(tmp_path / "home", Kind.EMPTY) as stack:
        yield stack


def run(*words: str, status: int = 0) -> str:
    ran = CliRunner().invoke(app, ["tokens", *words], env={"COLUMNS": "80"})
    assert ran.exit_code == status, ran.output
    return ran.output


def test_a_token_is_printed_once_and_only_its_hash_is_kept(installed):
    text = run("create", "crew planning", "--model", MODEL)
    assert text.endswith("\n")
    assert text.strip().startswith(token_store.PREFIX)
    assert len(text.split()) == 1, "a script reads it"
    (token,) = token_store.read_tokens()
    assert (token.name, token.models, token.created_by) == ("crew planning", (MODEL,), "ann")
    assert token.digest == hash_token(text.strip())
    assert token.expires_at is not None
    assert timedelta(days=364) < token.expires_at - datetime.now(UTC) <= timedelta(days=365)
    told = run("list")
    for word in ("crew planning", MODEL, "ann", "valid"):
        assert word in told
    assert text.strip() not in told
    assert text.strip() not in str(
        read_rows(Catalog.OUTPUTS, "SELECT t.*::text FROM ledger.access_tokens AS t")
    )


def test_it_opens_every_model_or_those_that_are_named(installed):
    run("create", "all", "--all", "--days", "1")
    (token,) = token_store.read_tokens()
    assert token.models == ("*",)
    assert token.opens("any_to_come")
    for words in (["none"], ["both", "--all", "--model", MODEL]):
        assert MODEL in run("create", *words, status=1)
    assert "'nothing'" in run("create", "x", "--model", "nothing", status=1)
    assert [token.name for token in token_store.read_tokens()] == ["all"]


def test_a_revoked_token_stays_in_the_list_and_its_name_is_free(installed):
    run("create", "desk", "--all")
    assert "there is a token 'desk' already" in run("create", "desk", "--all", status=1)
    assert "desk opens nothing any more" in run("revoke", "desk")
    assert "revoked" in run("list")
    assert "no token 'desk' to revoke" in run("revoke", "desk", status=1)
    run("create", "desk", "--all")
    states = [token.revoked_at is None for token in token_store.read_tokens()]
    assert states == [False, True]


def test_one_that_is_over_is_listed_as_expired(installed):
    insert(
        Catalog.OUTPUTS,
        "INSERT INTO ledger.access_tokens (name, digest, models, expires_at, created_by) VALUES (%s, %s, %s, %s, %s)",
        ("old", "0" * 64, "*", datetime.now(UTC) - timedelta(seconds=1), "ann"),
    )
    assert "expired" in run("list")
