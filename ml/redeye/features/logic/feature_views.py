"""What a feature view is called, and how long its rows are served."""

from __future__ import annotations

from datetime import timedelta

PREFIX = "feat_"
# How long a feature row is served after its night: a degraded night scores from a release that is days old. The
# hour is for the night of 25 hours.
FEATURE_TTL = timedelta(days=8, hours=1)


def name_view(table: str) -> str:
    """The view over a feature table: `shop_sales` over `feat_shop__sales`, with or without its schema."""
    return table.rpartition(".")[2].removeprefix(PREFIX).replace("__", "_", 1)
