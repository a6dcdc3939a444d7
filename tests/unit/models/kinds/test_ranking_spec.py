"""What a spec of an order may say, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_orders import CUT, make_spec, write_spec

from redeye.declarations.specs import load_spec
from redeye.foundation.errors import ConfigError
from redeye.models.kinds.ranking_spec import RankingSpec


def test_a_spec_names_its_groups_and_how_many_rows_count(tmp_path: Path) -> None:
    spec = make_spec(tmp_path)
    assert isinstance(spec, RankingSpec)
    assert (spec.target.group, spec.target.cut) == (("origin_id",), CUT)
    assert [each.metric for each in spec.monitor.quality.list_bounds()] == ["relative_ndcg_loss"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("  group: [origin_id]\n", "  group: [gate_id]\n"),
            "target.group: gate_id is neither a schedule column",
        ),
        (("  group: [origin_id]\n", "  group: [origin_id, origin_id]\n"), "target.group"),
        ((f"  cut: {CUT}\n", "  cut: 0\n"), "cut"),
        (("  primary_metric: ndcg_loss\n", "  primary_metric: log_loss\n"), "primary_metric"),
        (("  average_of: [", "  continued: {}\n  average_of: ["), "candidates.continued"),
        (("monitor:\n", "recalibration: {window_nights: 14}\nmonitor:\n"), "recalibration"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    path = write_spec(tmp_path, change)
    with pytest.raises(ConfigError) as refused:
        load_spec(path)
    assert said in str(refused.value)
    assert f"{path}:" in str(refused.value)
