"""Deliveries that are larger than any night can be: a file repeated, doubled over and over, or of another thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from redeye.audits.logic.audit_result import AuditFailure, AuditResult
from redeye.sources.logic.deliveries import Dataset, DeliveryRef

# Rows that any delivery may have, and how many times the largest of its history.
ROWS_ALLOWED = 200_000
MOST_TIMES = 10
# A row has some hundred bytes: five hundred on average are room enough.
BYTES_A_ROW = 500


def refuse_excess(
    suite: str,
    dataset: Dataset,
    ref: DeliveryRef,
    size: int,
    list_earlier: Callable[[], Iterable[DeliveryRef]],
) -> AuditResult | None:
    """The refusal of a delivery of `size` bytes in memory that is too large; None if it is not.

    The dataset declares how many rows it may have, or the accepted deliveries before it say so, which are asked for
    only where there is reason to.
    """
    most = dataset.most_rows or ROWS_ALLOWED
    if dataset.most_rows is None and ref.rows > most:
        most = max(
            [most, *(MOST_TIMES * each.rows for each in list_earlier() if each.dataset == ref.dataset)]
        )
    if ref.rows <= most and size <= BYTES_A_ROW * most:
        return None
    observed = (
        f"{ref.rows:,} rows and {size:,} bytes in {ref.path}, at most {most:,} rows and {BYTES_A_ROW * most:,} bytes "
        "are expected: have the source deliver the night once, or declare `most_rows` of the dataset"
    )
    because = (
        "A delivery far beyond its history is refused before it is read: it would take all memory there is."
    )
    failure = AuditFailure(suite, "rows", None, observed, because=because, nights=(ref.night,))
    return AuditResult(suite, f"{ref.source} {ref.night}", False, (failure,))
