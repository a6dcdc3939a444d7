"""What a feature view and the next version of a feature table are called, and how long rows are served."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache

from redeye.declarations.calendar import find_longest_span

PREFIX = "feat_"


@cache
def find_feature_ttl() -> timedelta:
    """How long a feature row is served after its night: a degraded night scores from a release that is days old."""
    return find_longest_span(8)


def name_view(table: str) -> str:
    """The view over a feature table: `shop_sales` over `feat_shop__sales`, with or without its schema."""
    return table.rpartition(".")[2].removeprefix(PREFIX).replace("__", "_", 1)


def next_version(table: str) -> str:
    """`feat_x__y` becomes `feat_x__y_v2`, `feat_x__y_v2` becomes `feat_x__y_v3`."""
    found = re.fullmatch(r"(.+)_v(\d+)", table)
    return f"{found[1]}_v{int(found[2]) + 1}" if found else f"{table}_v2"
