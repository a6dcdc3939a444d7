"""What a task read and wrote, as OpenLineage datasets, with the release or version that it was.

The datasets are the assets that the task declares: inlets and outlets. What the job's result says of them
(release, version, rows) goes with them as facets. Imported only when the provider's listener asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow.providers.openlineage.extractors import OperatorLineage
from airflow.sdk import Asset
from openlineage.client.event_v2 import Dataset, InputDataset, OutputDataset
from openlineage.client.facet_v2 import dataset_version_dataset, output_statistics_output_dataset

from redeye.foundation.openlineage import NAMESPACE, list_published_relations
from redeye_airflow.vocabulary import AssetName

SCHEME = "redeye://"
# Which value of a job's result is the version of what it read or wrote.
VERSION_OF = {
    AssetName.RELEASE: "release_id",
    AssetName.PROMOTIONS: "champion_version",
    AssetName.PREDICTIONS: "model_version",
}


def make_lineage(
    inlets: Iterable[object], outlets: Iterable[object], result: Mapping[str, Any], *, publishes: bool
) -> OperatorLineage[Dataset, Any]:
    """The datasets of a task that ended.

    Args:
        inlets: what it declares to read; what is no asset is left out.
        outlets: what it declares to write.
        result: its job's.
        publishes: whether it publishes a release: then it read what dbt built.
    """
    read: list[Dataset] = [
        InputDataset(namespace=NAMESPACE, name=_name(asset), facets=_facets(asset, result))
        for asset in inlets
        if isinstance(asset, Asset)
    ]
    if publishes:
        read += [InputDataset(namespace=NAMESPACE, name=name) for name in list_published_relations()]
    written: list[Dataset] = [
        OutputDataset(
            namespace=NAMESPACE, name=_name(asset), facets=_facets(asset, result), outputFacets=_rows(result)
        )
        for asset in outlets
        if isinstance(asset, Asset)
    ]
    return OperatorLineage(inputs=read, outputs=written)


def _name(asset: Asset) -> str:
    return str(asset.uri).removeprefix(SCHEME)


def _facets(asset: Asset, result: Mapping[str, Any]) -> dict[str, Any]:
    version = next((result.get(key) for name, key in VERSION_OF.items() if asset.uri.startswith(name)), None)
    if version is None:
        return {}
    return {"version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=str(version))}


def _rows(result: Mapping[str, Any]) -> dict[str, Any]:
    rows = result.get("rows")
    if not isinstance(rows, int):
        return {}
    return {
        "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=rows)
    }
