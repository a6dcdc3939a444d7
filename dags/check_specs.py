"""Shows a model's spec that cannot be read as an import error, with file, line and key.

It defines no DAG of its own (Airflow only reads files that mention both `airflow` and `dag`). The other
DAG files leave such a spec out, so that one mistake hides no other model.
"""

from __future__ import annotations

from redeye.declarations.specs import list_spec_faults
from redeye.foundation.errors import ConfigError
from redeye.foundation.settings import SPECS

if found := list_spec_faults(SPECS):
    raise ConfigError("\n".join(found))
