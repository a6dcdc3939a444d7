"""One feature service per model version, `<model>_v<N>`, with the features that its spec lists."""

from __future__ import annotations

import views
from redeye.features.feast_services import list_services

# Feast registers what it finds as attributes of a module.
globals().update(list_services(views))
