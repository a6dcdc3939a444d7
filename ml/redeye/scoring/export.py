"""Prediction files for consumers: Parquet and CSV with a manifest that is written last.

They go into a folder of this machine, or by URL into an object store such as S3.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from redeye.declarations.project import project
from redeye.foundation import atomic_files
from redeye.foundation.atomic_files import make_folder
from redeye.foundation.errors import AlreadyDecided
from redeye.foundation.settings import settings
from redeye.models.kinds.interface import Kind
from redeye.scoring.export_signature import MANIFEST, SIGNATURE, sign_manifest
from redeye.scoring.logic.predictions import LABEL, REHEARSAL, prediction_columns
from redeye.sources.logic.deliveries import Location

if TYPE_CHECKING:
    import pyarrow as pa
    from upath import UPath

log = logging.getLogger(__name__)

SCHEMA_VERSION = 4
LATEST = "latest.json"

DATE = "date32[day]"
INSTANT = "timestamp[us, tz=UTC]"

_TYPES = {
    "text": "string",
    "date": DATE,
    "instant": INSTANT,
    "integer": "int64",
    "number": "double",
    "flag": "bool",
}


def columns(
    kind: Kind, *, is_shifted: bool = False, is_rehearsed: bool = False
) -> dict[str, tuple[str, str]]:
    """Arrow type and meaning of each column, in the files' order; a shifted or rehearsing installation has more."""
    found = {
        name: (_TYPES[form], meaning)
        for name, (form, meaning) in prediction_columns(project().subject, kind).items()
    }
    if is_shifted or is_rehearsed:
        label = "How many weeks later than in the data everything is said to happen: none of it did."
        found[LABEL] = ("int64", label)
    if is_rehearsed:
        label = "The rehearsal whose faults are in the data: no prediction for anybody."
        found[REHEARSAL] = ("string", label)
    return found


def list_exported_nights(model: str) -> frozenset[date]:
    """The nights of a model whose files are complete: their manifest is there."""
    found = (settings().exports / model).glob(f"????-??-??/{MANIFEST}")
    return frozenset(date.fromisoformat(path.parent.name) for path in found)


def export(frame: pd.DataFrame, kind: Kind, *, model: str, night: date) -> Location:
    """Write a night's predictions, one row per subject, to `<exports>/<model>/<night>/`.

    The folder appears whole: it is filled beside its place and renamed into it, and `manifest.json`
    (schema version, columns, rows, SHA-256 per file, release, `is_complete`) is its last file. Beside it is its
    signature, unless nobody could sign; then the next export of the same rows adds it. In an object
    store the manifest alone says that the others are there: it is put last, and taken away first. A second
    export of the same rows, in whatever order, changes nothing. Files of an older schema are replaced.
    `latest.json` beside the folders names the newest night.

    Returns:
        The folder.

    Raises:
        AlreadyDecided: if the folder holds other rows.
    """
    folder = settings().exports / model / night.isoformat()
    _write_night(folder, frame, kind, model, night)
    _point_at(folder, night)
    return folder


def _write_night(folder: Location, frame: pd.DataFrame, kind: Kind, model: str, night: date) -> None:
    """Write the files of a night, unless they are there."""
    table = _table(frame, kind)
    text = _csv(table, kind)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if (standing := _read_existing_hash(folder, table.column_names)) is not None:
        if standing != digest:
            raise AlreadyDecided(
                f"{folder} was exported with other rows ({standing[:12]}, now {digest[:12]})"
            )
        if not (folder / SIGNATURE).exists():
            _add_signature(folder, table, kind, text, model, night, digest)
        return
    if not isinstance(folder, Path):
        with tempfile.TemporaryDirectory(prefix="redeye-exports-") as temporary:
            _fill(Path(temporary), table, kind, text, model, night, digest)
            _put(Path(temporary), folder)
        return
    # What is there was left without a manifest by a crash, or is of an older schema.
    with make_folder(folder, is_replacing=True) as making:
        _fill(making, table, kind, text, model, night, digest)


def _add_signature(
    folder: Location, table: pa.Table, kind: Kind, text: str, model: str, night: date, digest: str
) -> None:
    """Sign what nobody could sign when it was exported, if it is still as it would be made."""
    with tempfile.TemporaryDirectory(prefix="redeye-exports-") as temporary:
        made = Path(temporary)
        _fill(made, table, kind, text, model, night, digest)
        if (made / MANIFEST).read_bytes() != (folder / MANIFEST).read_bytes():
            log.warning("%s is not as this code makes it: it stays unsigned", folder)
        elif (made / SIGNATURE).exists():
            _put_text(folder / SIGNATURE, (made / SIGNATURE).read_text(encoding="utf-8"))


def _point_at(folder: Location, night: date) -> None:
    """Name a night's manifest beside the folders, in one step, unless a later one's is named."""
    path = folder.parent / LATEST
    try:
        standing = str(json.loads(path.read_bytes())["night"])
    except FileNotFoundError:
        standing = ""
    if standing >= night.isoformat():
        return
    _put_text(path, json.dumps({"night": night.isoformat(), "manifest": f"{folder.name}/{MANIFEST}"}) + "\n")


def _put_text(path: Location, text: str) -> None:
    """Put a file there in one step."""
    if isinstance(path, Path):
        atomic_files.write_text(path, text)
    else:
        path.fs.pipe_file(path.path, text.encode())


def _fill(making: Path, table: pa.Table, kind: Kind, text: str, model: str, night: date, digest: str) -> None:
    """Write every file of a night into an empty folder, the manifest last."""
    import pyarrow.parquet as parquet

    parquet.write_table(table, making / "predictions.parquet")
    (making / "predictions.csv").write_text(text, encoding="utf-8")
    manifest = json.dumps(_manifest(table, kind, making, model, night, digest), indent=2) + "\n"
    if signed := sign_manifest(manifest.encode()):
        (making / SIGNATURE).write_text(signed, encoding="utf-8")
    (making / MANIFEST).write_text(manifest, encoding="utf-8")


def _put(filled: Path, folder: UPath) -> None:
    """Put a night's files into an object store; without a manifest there is no export."""
    (folder / MANIFEST).unlink(missing_ok=True)
    names = sorted(path.name for path in filled.iterdir() if path.name != MANIFEST)
    for name in (*names, MANIFEST):
        folder.fs.pipe_file((folder / name).path, (filled / name).read_bytes())


def _read_existing_hash(folder: Location, columns: Sequence[str]) -> str | None:
    """The content hash of what was exported before; None if nothing was, or with other columns or an older schema."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return None
    is_current = manifest.get("schema_version") == SCHEMA_VERSION and list(manifest["columns"]) == list(
        columns
    )
    return str(manifest["content_sha256"]) if is_current else None


def _table(frame: pd.DataFrame, kind: Kind) -> pa.Table:
    """The rows with their types, ordered by rank."""
    import pyarrow as pa

    arrow_types = {DATE: pa.date32(), INSTANT: pa.timestamp("us", "UTC")}
    stated = columns(
        kind,
        is_shifted=LABEL in frame and bool(frame[LABEL].fillna(0).any()),
        is_rehearsed=REHEARSAL in frame and bool(frame[REHEARSAL].fillna("").any()),
    )
    fields = [
        pa.field(name, arrow_types.get(form) or pa.type_for_alias(form), metadata={"description": meaning})
        for name, (form, meaning) in stated.items()
    ]
    # Rows from before there was a recalibration may lack what the version said.
    lacking = dict.fromkeys(name for name in kind.raw_columns if name not in frame)
    rows = frame.assign(**lacking).sort_values(["rank", "prediction_id"])
    table = pa.Table.from_pandas(rows, schema=pa.schema(fields), preserve_index=False)
    return table.replace_schema_metadata(None)


def _csv(table: pa.Table, kind: Kind) -> str:
    """Dates as 2013-04-04, instants as 2013-04-04T13:00:00Z."""
    frame = table.to_pandas()
    for name, (form, _) in columns(kind).items():
        if form == INSTANT:
            frame[name] = frame[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(frame.to_csv(index=False, lineterminator="\n"))


def _manifest(
    table: pa.Table, kind: Kind, making: Path, model: str, night: date, digest: str
) -> dict[str, Any]:
    def values(name: str) -> list[Any]:
        return sorted(table.column(name).unique().drop_null().to_pylist())

    days, stated = values(project().subject.day), columns(kind, is_rehearsed=True)
    return {
        "schema_version": SCHEMA_VERSION,
        "model": model,
        "night": night.isoformat(),
        "coming_day": days[0].isoformat() if days else None,
        "rows": table.num_rows,
        "columns": {
            name: {"type": stated[name][0], "description": stated[name][1]} for name in table.column_names
        },
        **({LABEL: values(LABEL)[0]} if LABEL in table.column_names else {}),
        "release_id": values("release_id"),
        "model_version": values("model_version"),
        "is_degraded": True in values("is_degraded"),
        "content_sha256": digest,
        "files": {
            path.name: {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
            for path in sorted(making.iterdir())
        },
        "is_complete": True,
    }
