"""Building nights with the code held against what serving versions read: what DAGs call, and nothing beside it.

The warehouse builds with whatever check it is given, and not without one; which one is composed here, where both
are known.
"""

from __future__ import annotations

from functools import partial

from redeye.champions import feature_edits
from redeye.warehouse import build, repair

transform = partial(build.transform, check=feature_edits.check_feature_edits)
transform_again = partial(repair.transform_again, check=feature_edits.check_feature_edits)
build_again = partial(repair.build_again, check=feature_edits.check_feature_edits)
