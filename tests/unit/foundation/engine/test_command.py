"""Messages name commands as they are called where they are read."""

from __future__ import annotations

from redeye.foundation.engine.command import CHECKOUTS, ELSEWHERES, find_command, name_commands
from redeye.foundation.engine.places import ENGINE

SAID = "`./redeye gap` or `make run`, <code>make stop</code>; to make runs"


def test_a_checkout_has_its_script_and_a_makefile(tmp_path):
    assert find_command(ENGINE) == CHECKOUTS
    assert find_command(tmp_path) == ELSEWHERES == str(ENGINE / "redeye")
    assert name_commands(SAID) == SAID


def test_a_package_has_a_command_on_the_path():
    told = "`redeye gap` or `redeye run`, <code>redeye stop</code>; to make runs"
    assert name_commands(SAID, "redeye") == told
