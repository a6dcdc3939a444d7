"""What tests need in which root's servers run as users of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from redeye.stack import home_owner
from redeye.stack.servers import system_user


def _find_reason() -> str:
    if not system_user.is_root():
        return "only root can let servers run as other users"
    obstacle = home_owner.find_obstacle(Path("/"))
    return f"{obstacle} is closed to the servers' user, so that they run as root" if obstacle else ""


needs_system_users = pytest.mark.skipif(bool(_find_reason()), reason=_find_reason() or "they are there")
