"""What the installation states is signed by its key, of rows as the ledger has them, and once about each thing."""

from __future__ import annotations

import json
import os
import random
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from throwaway import Stack
from typer.testing import CliRunner

from redeye.cli import app
from redeye.foundation import lease
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import ConfigError, SignatureError, SignerAway, SigningRefused
from redeye.foundation.postgres import insert_row, ledger_transaction, read_rows
from redeye.foundation.settings import settings
from redeye.foundation.signing import signature_store, signing_keys
from redeye.foundation.signing.logic.statements import Kind, Signed
from redeye.foundation.signing.public_keys import PublicKeys, find_public_path, read_public_keys, verify
from redeye.foundation.signing.sign import sign_statement

pytestmark = pytest.mark.integration

CHANGES = 300


def insert_promotion(model: str, previous_id: int | None = None) -> int:
    values = {
        "model": model,
        "previous_id": previous_id,
        "version": 1,
        "algorithm": "heuristic",
        "feature_service": "flight_v1",
        "artifact_uri": "1/model",
        "artifact_sha256": "ab" * 32,
        "decided_night": "2013-01-20",
        "effective_night": "2013-01-21",
        "reason": "first champion",
        "evidence": {"auc": 0.1, "why": "é"},
        "actor": "me",
        "run_id": "r",
        "kind": "promotion" if previous_id else "first",
    }
    with (
        lease.hold(Catalog.OUTPUTS, "a test") as token,
        ledger_transaction(Catalog.OUTPUTS) as con,
        con.cursor() as at,
    ):
        insert_row(at, "promotions", {**values, "fencing_token": token}, "RETURNING promotion_id")
        return int(at.fetchall()[0][0])


@pytest.fixture
def keys(stack_env: Stack) -> PublicKeys:
    return read_public_keys(find_public_path(settings()))


def test_the_key_lies_beside_the_home_for_its_owner_alone(stack_env: Stack, keys: PublicKeys) -> None:
    path = signing_keys.find_key_path(settings())
    assert path.parent == settings().home.resolve().parent
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    own = signing_keys.make_public(signing_keys.read_key(path))
    # A copied installation has the keys of the one that it is a copy of.
    assert list(keys)[-1] == own.key_id
    assert "PRIVATE" not in find_public_path(settings()).read_text()


def test_a_key_in_the_home_is_refused(stack_env: Stack) -> None:
    with pytest.raises(ConfigError, match="lies in"):
        signing_keys.find_key_path(
            settings().model_copy(update={"signing_key_file": str(settings().home / "key")})
        )


def test_a_statement_verifies_and_no_single_change_of_it_does(stack_env: Stack, keys: PublicKeys) -> None:
    signed = sign_statement(Kind.EXPORT, {"file": "a.parquet"}, {"sha256": "00", "rows": 12, "share": 0.5})
    verify(signed, keys)
    text = signed.to_json()
    verify(Signed.from_json(text), keys)
    chance = random.Random(7)
    for _ in range(CHANGES):
        place = chance.randrange(len(text))
        changed = text[:place] + chance.choice('0123456789abcdefxyz{}",: ') + text[place + 1 :]
        try:
            found = Signed.from_json(changed)
        except SignatureError:
            continue
        if found.to_json() != text:
            with pytest.raises(SignatureError):
                verify(found, keys)


def test_a_second_content_about_one_thing_is_refused_and_the_same_is_not(stack_env: Stack) -> None:
    sign_statement(Kind.EXPORT, {"file": "b.parquet"}, {"sha256": "00"})
    sign_statement(Kind.EXPORT, {"file": "b.parquet"}, {"sha256": "00"})
    with pytest.raises(SigningRefused, match="something else was signed"):
        sign_statement(Kind.EXPORT, {"file": "b.parquet"}, {"sha256": "11"})
    # Of a file of the same name of another kind it says nothing.
    sign_statement(Kind.BACKUP, {"file": "b.parquet"}, {"sha256": "11"})


def test_what_was_cut_off_in_the_log_is_passed_over(stack_env: Stack) -> None:
    path = signing_keys.find_log_path(settings())
    with path.open("a") as file:
        file.write('{"asked_by":0,"sig')
    sign_statement(Kind.EXPORT, {"file": "c.parquet"}, {"sha256": "00"})
    with pytest.raises(SigningRefused):
        sign_statement(Kind.EXPORT, {"file": "c.parquet"}, {"sha256": "11"})
    assert json.loads(path.read_text().splitlines()[-1])["asked_by"] == os.geteuid()


def test_a_row_is_signed_as_the_ledger_has_it(stack_env: Stack, keys: PublicKeys) -> None:
    subject = {"promotion_id": insert_promotion("m_signed")}
    assert [row.subject for row in signature_store.list_unsigned(Kind.PROMOTION)] == [subject]
    signed = signature_store.sign_row(Kind.PROMOTION, subject)
    verify(signed, keys)
    assert signed.statement.content["row"]["artifact_sha256"] == "ab" * 32
    assert signed.statement.content["is_inherited"] is False
    assert signature_store.list_unsigned(Kind.PROMOTION) == []
    kept = read_rows(Catalog.OUTPUTS, "SELECT signed FROM ledger.signatures WHERE kind = 'promotion'")
    assert [Signed.from_json(text) for (text,) in kept] == [signed]


@pytest.mark.parametrize(
    ("subject", "content", "why"),
    [
        ({"promotion_id": 4711}, {}, "has no promotion"),
        ({"promotion_id": "1 OR true"}, {}, "has no promotion"),
        ({"model": "m"}, {}, "by its promotion_id alone"),
        ({"promotion_id": 1}, {"row": {}}, "give no content"),
    ],
)
def test_nothing_is_signed_that_the_ledger_does_not_have(
    stack_env: Stack, subject: dict[str, Any], content: dict[str, Any], why: str
) -> None:
    with pytest.raises(SigningRefused, match=why):
        sign_statement(Kind.PROMOTION, subject, content)


def test_a_row_that_is_not_as_it_came_is_not_signed(stack_env: Stack) -> None:
    number = insert_promotion("m_altered")
    with stack_env.postgres.superuser("outputs") as link, link.cursor() as at:
        at.execute("UPDATE ledger.promotions SET artifact_sha256 = 'cd' WHERE promotion_id = %s", (number,))
    with pytest.raises(SigningRefused, match="not as the trail has it"):
        sign_statement(Kind.PROMOTION, {"promotion_id": number})


def test_what_was_signed_stays_verifiable_with_a_new_key_and_not_with_a_withdrawn_one(
    stack_env: Stack,
) -> None:
    old = sign_statement(Kind.EXPORT, {"file": "d.parquet"}, {"sha256": "00"})
    fresh = signing_keys.replace_key(settings())
    # Another key may state something else: whoever verifies sees which one did.
    new = sign_statement(Kind.EXPORT, {"file": "d.parquet"}, {"sha256": "11"})
    keys = read_public_keys(find_public_path(settings()))
    verify(old, keys)
    verify(new, keys)
    assert new.statement.key_id == fresh.key_id != old.statement.key_id
    with pytest.raises(ConfigError, match="the one that signs"):
        signing_keys.withdraw_key(settings(), fresh.key_id, "lost")
    signing_keys.withdraw_key(settings(), old.statement.key_id, "found on\na disk")
    keys = read_public_keys(find_public_path(settings()))
    verify(new, keys)
    with pytest.raises(SignatureError, match="was withdrawn: found on a disk"):
        verify(old, keys)


def test_the_command_shows_each_key_with_its_fingerprint(stack_env: Stack, keys: PublicKeys) -> None:
    shown = CliRunner().invoke(app, ["audit", "key"]).output
    assert all(key.fingerprint in shown for key in keys.values())
    made = CliRunner().invoke(app, ["audit", "key", "--new"]).output
    assert made.startswith(shown)
    assert CliRunner().invoke(app, ["audit", "key", "--withdraw", list(keys)[-1]]).exit_code == 2
    said = ["audit", "key", "--withdraw", list(keys)[-1], "--reason", "lost on a train"]
    assert "Withdrawn: lost on a train" in CliRunner().invoke(app, said).output


def test_a_lost_key_is_made_anew_and_what_it_signed_stays_verifiable(stack_env: Stack) -> None:
    old = sign_statement(Kind.EXPORT, {"file": "e.parquet"}, {"sha256": "00"})
    signing_keys.find_key_path(settings()).unlink()
    with pytest.raises(SignerAway):
        sign_statement(Kind.EXPORT, {"file": "e.parquet"}, {"sha256": "00"})
    signing_keys.prepare_key(settings())
    new = sign_statement(Kind.EXPORT, {"file": "e.parquet"}, {"sha256": "00"})
    keys = read_public_keys(find_public_path(settings()))
    verify(old, keys)
    verify(new, keys)
    with pytest.raises(SignatureError, match="none of"):
        verify(replace(new, statement=replace(new.statement, key_id="00" * 8)), keys)


def test_a_file_that_holds_no_key_says_so(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    assert read_public_keys(path) == {}
    path.write_text("hello")
    with pytest.raises(SignatureError, match="no public key"):
        read_public_keys(path)
