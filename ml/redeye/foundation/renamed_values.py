"""Values that earlier versions wrote to tables and ledgers, by what they are called now.

Rows are never rewritten: what reads them maps the old words. `docs/reference/renamed-values.md` lists every place.
"""

from __future__ import annotations

VERDICTS = {"watch": "warning"}
GATES = {"tolerance": "robustness", "steadiness": "batch_invariance"}
