"""What a project declares that does not fit together."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_orders import write_spec

from redeye.foundation.settings import PROJECT_ROOT
from redeye.review.check_project import list_faults


@pytest.mark.parametrize(("group", "faults"), [("origin_id", 0), ("route_id", 1)])
def test_an_order_goes_by_what_a_prediction_shows(tmp_path: Path, group: str, faults: int) -> None:
    path = write_spec(tmp_path, ("  group: [origin_id]\n", f"  group: [{group}]\n"))
    found = [each for each in list_faults(PROJECT_ROOT, tmp_path) if "target.group" in each]
    assert len(found) == faults
    for each in found:
        assert each.startswith(f"{path}:")
        assert (
            "target.group: route_id is no column of `subject` in redeye.yaml; there are flight_id, " in each
        )
