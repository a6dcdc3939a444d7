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

# Which value of a job's result is the version of what it read or wrote.
VERSION_OF = {
    AssetName.RELEASE: "release_id",
    AssetName.PROMOTIONS: "champion_version",
    AssetName.PREDICTIONS: "model_version",
}


def make_lineage(
    inlets: Iterable[object], outlets: Iterable[object], result: Mapping[str, Any], *, publishes: bool
) -> OperatorLineage[Dataset, Any]:
    """The datasets of a task that ended, of its assets; one that publishes a release also read what dbt built."""
    read: list[Dataset] = [InputDataset(**_describe(asset, result)) for asset in _list_assets(inlets)]
    if publishes:
        read += [InputDataset(namespace=NAMESPACE, name=name) for name in list_published_relations()]
    written: list[Dataset] = [
        OutputDataset(**_describe(asset, result), outputFacets=_count_rows(result))
        for asset in _list_assets(outlets)
    ]
    return OperatorLineage(inputs=read, outputs=written)


def _list_assets(declared: Iterable[object]) -> list[Asset]:
    return [each for each in declared if isinstance(each, Asset)]


def _describe(asset: Asset, result: Mapping[str, Any]) -> dict[str, Any]:
    version = next((result.get(key) for name, key in VERSION_OF.items() if asset.uri.startswith(name)), None)
    facet = dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=str(version))
    return {
        "namespace": NAMESPACE,
        "name": str(asset.uri).removeprefix("redeye://"),
        "facets": {} if version is None else {"version": facet},
    }


def _count_rows(result: Mapping[str, Any]) -> dict[str, Any]:
    rows = result.get("rows")
    if not isinstance(rows, int):
        return {}
    facet = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=rows)
    return {"outputStatistics": facet}
