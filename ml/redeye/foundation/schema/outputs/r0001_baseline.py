"""The lease and the promotion ledger.

It changes nothing where these exist already: so an installation that is older than these migrations is taken
over by running it.
"""

from redeye.foundation.schema.running import make_upgrade

revision, down_revision = "r0001", None
upgrade = make_upgrade("r0001_lease.sql", "outputs/sql/r0001_promotions.sql")
