"""The nights of `test_the_loop` again, in one process and an installation of its own: writes its rows to a folder.

Run as a program: two installations in one process would share what libraries keep of the first.
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from throwaway import installation

MODEL = "flight_delay"
HISTORY_FIRST = date(2012, 12, 31)


def main(home: Path, to: Path, history_last: date, first: date, last: date) -> None:
    """Build, train once, replay, and write one Parquet file per table."""
    with installation(home):
        from season_rows import rows_of

        from redeye.operations import build_nights, replay
        from redeye.promotion.train import train_night
        from redeye.sources import ingest
        from redeye.warehouse import build

        for begins, ends in ((HISTORY_FIRST, history_last), (history_last + timedelta(days=1), last)):
            ingest.ingest_nights(begins, ends)
            build.publish(build_nights.transform(begins, ends, holder=f"one process {ends}", kind="history"))
            if ends == history_last:
                train_night(MODEL, ends, run_id="first", actor="one process", reason="first training")
        for _ in replay.replay(MODEL, first, last):
            pass
        for table, rows in rows_of(MODEL, first, last).items():
            rows.to_parquet(to / f"{table}.parquet", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *(date.fromisoformat(each) for each in sys.argv[3:6]))
