"""What of a dbt project decides what it builds, as hashes: of the whole, and of each model with what it calls."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from redeye.warehouse.logic.releases import CodeNode

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

PACKAGE = "redeye"


def hash_code(manifest: Manifest) -> str:
    """SHA-256 of the code in a manifest: see `redeye.warehouse.dbt.code_hash`."""
    from dbt.adapters.duckdb.__version__ import version as adapter_version
    from dbt.version import __version__ as dbt_version

    parts: list[Any] = [dbt_version, adapter_version]
    parts += [_parts(unique_id, node) for unique_id, node in sorted(manifest.nodes.items())]
    for unique_id, macro in sorted(manifest.macros.items()):
        if macro.package_name == PACKAGE:
            parts.append([unique_id, macro.macro_sql.strip()])
    return _digest(parts)


def configuration(node: Any) -> dict[str, Any]:  # noqa: ANN401 - dbt's nodes are of many types
    """What of a node's configuration decides what it does."""
    return {key: value for key, value in node.config.to_dict().items() if key not in {"docs", "meta", "tags"}}


def _parts(unique_id: str, node: Any) -> list[Any]:  # noqa: ANN401 - as above
    """What of a node decides what it does."""
    config = configuration(node)
    types = {name: column.data_type for name, column in sorted(node.columns.items())}
    arguments = getattr(getattr(node, "test_metadata", None), "kwargs", None)
    return [unique_id, node.raw_code.strip(), config, types, arguments]


def code_nodes(manifest: Manifest) -> tuple[CodeNode, ...]:
    """The models with checksums of their own, each over its SQL and the project's macros that it calls."""
    found = []
    for unique_id, node in sorted(manifest.nodes.items()):
        if str(node.resource_type) != "model":
            continue
        parts = _parts(unique_id, node) + [
            [name, manifest.macros[name].macro_sql.strip()] for name in _macros(manifest, node)
        ]
        found.append(
            CodeNode(
                unique_id,
                f"{node.schema}.{node.alias}",
                _digest(parts),
                tuple(sorted(getattr(node.depends_on, "nodes", ()))),
            )
        )
    return tuple(found)


def _macros(manifest: Manifest, node: Any) -> list[str]:  # noqa: ANN401 - as above
    """Ids of the project's own macros that a node calls, directly or through others, sorted."""
    waiting, found = list(node.depends_on.macros), set()
    while waiting:
        name = waiting.pop()
        macro = manifest.macros.get(name)
        if macro is not None and macro.package_name == PACKAGE and name not in found:
            found.add(name)
            waiting += macro.depends_on.macros
    return sorted(found)


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
