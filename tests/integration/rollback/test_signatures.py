"""Only a promotion that is signed puts a version into effect, whatever a writer adds or a superuser changes."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg2 import sql
from psycopg2.extras import Json
from throwaway import Stack
from typer.testing import CliRunner

from redeye.champions import promotion_store
from redeye.champions.logic.promotions import Promotion
from redeye.cli import app
from redeye.foundation import lease, migrations
from redeye.foundation.catalogs import Catalog
from redeye.foundation.errors import SignerAway
from redeye.foundation.postgres import insert_row, ledger_transaction, read_rows
from redeye.foundation.settings import settings
from redeye.foundation.signing import row_checks, signing_keys
from redeye.foundation.signing.logic.statements import Kind, Signed
from redeye.foundation.signing.public_keys import find_public_path, read_public_keys
from redeye.promotion import rollback, sign_rows
from redeye.promotion.read_serving import read_serving
from redeye.stack import databases
from rollback.conftest import Champions, night

pytestmark = pytest.mark.integration

CHANGES = int(os.environ.get("REDEYE_TEST_CHANGES", "150"))
"""In each run; more with the variable."""


def forge(champions: Champions, **changes: Any) -> int:
    """Add a promotion as whoever has the role `outputs` may: by its password and the lease, without the signer."""
    last = read_rows(
        Catalog.OUTPUTS,
        "SELECT max(promotion_id) FROM ledger.promotions WHERE model = %s",
        (champions.model,),
    )
    row = {**champions.row(3, 20, 2), "artifact_sha256": "ef" * 32, "artifact_uri": "evil"}
    row |= {"model": champions.model, "kind": "promotion", "previous_id": last[0][0]} | changes
    with (
        lease.hold(Catalog.OUTPUTS, "forger") as token,
        ledger_transaction(Catalog.OUTPUTS) as con,
        con.cursor() as at,
    ):
        insert_row(at, "promotions", {**row, "fencing_token": token}, "RETURNING promotion_id")
        return int(at.fetchall()[0][0])


def put_signature(promotion_id: int, text: str) -> None:
    with ledger_transaction(Catalog.OUTPUTS) as con, con.cursor() as at:
        insert_row(
            at, "signatures", {"kind": "promotion", "subject": {"promotion_id": promotion_id}, "signed": text}
        )


def find_signature(row: Promotion) -> str:
    said = "SELECT signed FROM ledger.signatures WHERE kind = 'promotion' AND subject = %s"
    return str(read_rows(Catalog.OUTPUTS, said, (Json({"promotion_id": row.promotion_id}),))[0][0])


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No signer runs, and the key is not this process's to read."""
    path = signing_keys.find_key_path(settings())
    moved = path.with_name("away")
    path.rename(moved)
    yield
    if moved.exists():
        moved.rename(path)


def bring_back() -> None:
    path = signing_keys.find_key_path(settings())
    path.with_name("away").rename(path)


def test_a_promotion_that_nobody_signed_is_passed_over_by_everybody(champions: Champions) -> None:
    before = champions.rows()
    number = forge(champions)
    assert champions.rows() == before
    for later in (21, 22, 40):
        serving = promotion_store.read_champion(champions.model, night(later))
        assert serving is not None
        assert (serving.version, serving.artifact_uri) == (3, champions.files(3)["artifact_uri"])
    assert [row.promotion_id for row, _ in promotion_store.find_passed_over(champions.model)] == [number]
    assert read_serving(champions.model).passed_over[0][1] == row_checks.UNSIGNED


def test_what_is_decided_next_stands_above_it(champions: Champions) -> None:
    # It would have kept every later decision out: nothing is decided for a night before its own.
    forge(champions, decided_night="2031-01-01", effective_night="2031-01-02")
    made = champions.promote(2, 21)
    assert promotion_store.read_champion(champions.model, night(23)) == made
    done = rollback.roll_back(champions.model, reason="bad", actor="me", to=1)
    assert (done.promotion.version, len(champions.rows())) == (1, 5)


def test_no_signature_of_something_else_vouches_for_it(champions: Champions) -> None:
    third = promotion_store.read_promotions(champions.model)[-1]
    number = forge(champions)
    put_signature(number, find_signature(third))
    said = json.loads(find_signature(third))
    said["statement"]["subject"] = {"promotion_id": number}
    put_signature(number, json.dumps(said))
    put_signature(number, "hello")
    assert promotion_store.read_promotions(champions.model)[-1] == third
    # One that is good beside those that are not is enough.
    put_signature(third.promotion_id, "hello")
    assert promotion_store.read_promotions(champions.model)[-1] == third


def test_a_row_that_a_superuser_changed_serves_no_more(champions: Champions, stack_env: Stack) -> None:
    first, second, third = promotion_store.read_promotions(champions.model)
    with stack_env.postgres.superuser("outputs") as link, link.cursor() as at:
        for row in (first, third):
            at.execute(
                "UPDATE ledger.promotions SET artifact_sha256 = 'ef' WHERE promotion_id = %s",
                (row.promotion_id,),
            )
    standing = promotion_store.read_promotions(champions.model)
    assert [row.version for row in standing] == [1, 2]
    # The last resort is there for whoever needs one, and its files are nobody's.
    assert standing[0].artifact_sha256 == ""
    assert standing[1] == second
    passed_over = {row.version: why for row, why in promotion_store.find_passed_over(champions.model)}
    assert passed_over == dict.fromkeys((1, 3), "it is not as it was signed: artifact_sha256 differ")


def test_where_the_signer_is_away_the_champion_before_serves_on_until_a_person_signs(
    champions: Champions, away: None
) -> None:
    with pytest.raises(SignerAway, match=r"is written and not signed.*the champion before serves on"):
        rollback.roll_back(champions.model, reason="bad", actor="me")
    serving = promotion_store.read_champion(champions.model, night(21))
    assert serving is not None
    assert serving.version == 3
    (row,) = list_unsigned(champions)
    with pytest.raises(SignerAway):
        sign_rows.sign_unsigned(row)
    bring_back()
    sign_rows.sign_unsigned(row)
    serving = promotion_store.read_champion(champions.model, night(21))
    assert serving is not None
    assert serving.version == 2


def test_nobody_signs_afterwards_who_served_a_night_that_is_scored(champions: Champions) -> None:
    forge(champions, effective_night=str(night(20)), decided_night=str(night(18)))
    (row,) = list_unsigned(champions)
    with pytest.raises(Exception, match="are scored without it: decide again"):
        sign_rows.sign_unsigned(row)
    forge(champions, effective_night=str(night(30)))
    champions.promote(2, 21)
    with pytest.raises(Exception, match="was decided since"):
        sign_rows.sign_unsigned(list_unsigned(champions)[-1])


def list_unsigned(champions: Champions) -> list[sign_rows.Unsigned]:
    return [
        sign_rows.Unsigned(Kind.PROMOTION, {"promotion_id": row.promotion_id}, why, "")
        for row, why in promotion_store.find_passed_over(champions.model)
    ]


def test_every_single_change_of_row_statement_or_signature_is_found_and_named(
    champions: Champions, stack_env: Stack
) -> None:
    rows = promotion_store.read_promotions(champions.model)
    chance = random.Random(11)
    changes = {
        "artifact_sha256": "artifact_sha256 || 'x'",
        "artifact_uri": "'x' || artifact_uri",
        "version": "version + 1",
        "algorithm": "upper(algorithm)",
        "feature_service": "feature_service || ' '",
        "effective_night": "effective_night + 1",
        "decided_night": "decided_night - 1",
        "reason": "reason || '.'",
        "evidence": """evidence || '{"gates": {}}'""",
        "actor": "'mallory'",
        "run_id": "run_id || '2'",
        "fencing_token": "fencing_token + 1",
    }
    with stack_env.postgres.superuser("outputs") as link, link.cursor() as at:
        at.execute("SET session_replication_role = replica")
        for _ in range(CHANGES):
            row = chance.choice(rows)
            what = chance.choice(["row", "statement", "gone"])
            kept = find_signature(row)
            subject = json.dumps({"promotion_id": row.promotion_id})
            at.execute(
                "SELECT to_jsonb(p)::text FROM ledger.promotions AS p WHERE promotion_id = %s",
                (row.promotion_id,),
            )
            ((content,),) = at.fetchall()
            if what == "row":
                column = chance.choice(list(changes))
                at.execute(
                    f"UPDATE ledger.promotions SET {column} = {changes[column]} WHERE promotion_id = %s",
                    (row.promotion_id,),
                )
                expected = column
            elif what == "statement":
                place = chance.randrange(len(kept))
                other = chance.choice([each for each in '0123456789abcdef{}:,"' if each != kept[place]])
                changed = kept[:place] + other + kept[place + 1 :]
                at.execute("UPDATE ledger.signatures SET signed = %s WHERE subject = %s", (changed, subject))
                expected = ""
            else:
                at.execute("UPDATE ledger.signatures SET kind = 'none' WHERE subject = %s", (subject,))
                expected = "it is not signed"
            faults = row_checks.find_faults(Kind.PROMOTION, "WHERE r.model = %s", (champions.model,))
            assert set(faults) == {row.promotion_id}, (what, expected, kept)
            assert expected in faults[row.promotion_id]
            at.execute(
                "UPDATE ledger.signatures SET signed = %s, kind = 'promotion' WHERE subject = %s",
                (kept, subject),
            )
            at.execute(
                sql.SQL(
                    "UPDATE ledger.promotions SET ({0}) = "
                    "(SELECT {0} FROM jsonb_populate_record(NULL::ledger.promotions, %s)) WHERE promotion_id = %s"
                ).format(sql.SQL(", ").join(map(sql.Identifier, changes))),
                (content, row.promotion_id),
            )
    assert row_checks.find_faults(Kind.PROMOTION, "WHERE r.model = %s", (champions.model,)) == {}


def test_the_command_names_each_row_that_nobody_vouches_for_and_goes_by_keys_from_elsewhere(
    champions: Champions, tmp_path: Path
) -> None:
    shown = CliRunner().invoke(app, ["audit", "verify"], terminal_width=400)
    assert f"promotion {(number := forge(champions))}" not in shown.output
    found = CliRunner().invoke(app, ["audit", "verify"], terminal_width=400)
    assert found.exit_code == 1
    assert f"promotion {number}: it is not signed" in found.output
    elsewhere = tmp_path / "keys.pub"
    shutil.copy(find_public_path(settings()), elsewhere)
    assert (
        f"promotion {number}: it is not signed"
        in CliRunner().invoke(app, ["audit", "verify", "--key", str(elsewhere)]).output
    )
    other = signing_keys.make_public(signing_keys.Ed25519PrivateKey.generate())
    elsewhere.write_text(other.to_text())
    found = CliRunner().invoke(app, ["audit", "verify", "--key", str(elsewhere)])
    assert "which is none of" in " ".join(found.output.split())
    elsewhere.write_text("hello")
    assert CliRunner().invoke(app, ["audit", "verify", "--key", str(elsewhere)]).exit_code == 2


def test_what_a_withdrawn_key_signed_is_believed_again_once_a_person_signs_it_anew(
    champions: Champions,
) -> None:
    before = promotion_store.read_promotions(champions.model)
    old = list(read_public_keys(find_public_path(settings())))[-1]
    signing_keys.replace_key(settings())
    assert promotion_store.read_promotions(champions.model) == before
    signing_keys.withdraw_key(settings(), old, "copied from a disk")
    assert [row.version for row in promotion_store.read_promotions(champions.model)] == [1]
    for row in list_unsigned(champions):
        assert "was withdrawn: copied from a disk" in row.why
        sign_rows.sign_unsigned(row)
    assert promotion_store.read_promotions(champions.model) == before


def test_promotions_from_before_are_signed_by_the_migration_and_say_so(
    champions: Champions, stack_env: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "schema"
    shutil.copytree(migrations.FOLDER, older, ignore=shutil.ignore_patterns("__pycache__", "*_signatures.py"))
    with stack_env.postgres.superuser("outputs") as link, link.cursor() as at:
        at.execute("DROP SCHEMA migrations CASCADE; DROP SCHEMA ledger CASCADE")
    with monkeypatch.context() as before:
        before.setattr(migrations, "FOLDER", older)
        migrations.upgrade(stack_env.postgres, "outputs")
        assert read_rows(Catalog.OUTPUTS, "SELECT to_regclass('ledger.signatures')") == [(None,)]
    forge(champions, kind="first", previous_id=None, algorithm="heuristic", effective_night=str(night(21)))
    forge(champions)
    databases.create_ledgers(stack_env.postgres)
    found = promotion_store.read_promotions(champions.model)
    assert len(found) == 2
    for row in found:
        assert Signed.from_json(find_signature(row)).statement.content["is_inherited"] is True
    # What comes afterwards is none of them.
    made = champions.promote(2, 21)
    assert Signed.from_json(find_signature(made)).statement.content["is_inherited"] is False
    forge(champions)
    databases.create_ledgers(stack_env.postgres)
    assert promotion_store.read_promotions(champions.model)[-1] == made
