"""What pages show of orders: what heads of several lengths catch, how good they are by night, and slices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from redeye.models.kinds.orders.scored_orders import ScoredOrders
from redeye.models.logic.blocks import Block, Cut, Form, Picture, Table


def show_orders(scored: ScoredOrders, baseline: ScoredOrders, cuts: Sequence[Cut]) -> tuple[Block, ...]:
    """What the head of each order catches, and the quality by night and by cut, beside the heuristic's."""
    return (
        _tabulate_heads(scored, baseline),
        *_draw_nights(scored, baseline),
        _tabulate_cuts(scored, baseline, cuts),
    )


def _tabulate_heads(scored: ScoredOrders, baseline: ScoredOrders) -> Table:
    chance = scored.answer_alike(0.0)
    found: list[Sequence[str | float | None]] = [
        (head, *(each.catch(head) for each in (scored, baseline, chance)))
        for head in sorted({1, *(max(round(scored.cut * share), 1) for share in (0.25, 0.5, 1, 2, 4))})
    ]
    heads = (
        ("First rows", Form.COUNT),
        ("Caught", Form.SHARE),
        ("Heuristic", Form.SHARE),
        ("By chance", Form.SHARE),
    )
    return Table(
        heads,
        found,
        f"Share of the label's sum in the first rows of each order; NDCG {scored.measure('ndcg'):.3f}.",
    )


def _draw_nights(scored: ScoredOrders, baseline: ScoredOrders) -> Iterator[Picture]:
    nights = [pd.Timestamp(each).date() for each in scored.nights]
    titles = {"ndcg": "NDCG by night", "caught": f"Share caught by the first {scored.cut} rows, by night"}
    for metric, title in titles.items():
        lines = {
            name: _blank(each.resample(metric, np.eye(len(nights))).tolist())
            for name, each in (("champion", scored), ("heuristic", baseline))
        }
        yield Picture(title, nights, lines, "night", is_share=metric == "caught")


def _tabulate_cuts(scored: ScoredOrders, baseline: ScoredOrders, cuts: Sequence[Cut]) -> Table:
    found: list[Sequence[str | float | None]] = []
    for cut in cuts:
        is_own = np.isin(np.arange(scored.labels.size), cut.rows)
        each = [one.where(is_own).measure(name) for name in ("ndcg", "caught") for one in (scored, baseline)]
        mean = float(scored.labels[is_own].mean())
        found.append((cut.by, cut.value, len(cut.rows), mean, *_blank(each)))
    heads = [("Slice", Form.TEXT), ("", Form.TEXT), ("Rows", Form.COUNT), ("Mean label", Form.NUMBER)]
    heads += [
        ("NDCG", Form.NUMBER),
        ("Heuristic", Form.NUMBER),
        ("Caught", Form.SHARE),
        ("Heuristic", Form.SHARE),
    ]
    return Table(tuple(heads), found, "A slice is its rows put in order among themselves.")


def _blank(values: Sequence[float]) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values]
