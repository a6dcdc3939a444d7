"""The landing: every delivery as an immutable file, named by its content.

`<root>/<source>/<dataset>/<night>/<content hash>.csv`, and beside it `<content hash>.json`, the
manifest. The manifest comes second, so a file without one is the rest of a writer that died and counts
as not landed. What has landed is never written again: the same content lands where it is, other content
lands beside it. Nothing is parsed before bytes, hash and rows are what the manifest says.

The root is a folder, where both are written under a temporary name, flushed to disk and renamed, or a
`UPath` to an object store such as S3, where an object appears whole or not at all and is put only where
there is none.
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from redeye.foundation.atomic_files import replace_file
from redeye.foundation.errors import DeliveryError
from redeye.sources.logic.deliveries import Delivery, DeliveryRef, Location

if TYPE_CHECKING:
    from upath import UPath

HASH_DIGITS = 16
READ_ONLY = 0o444
# An object store answers in some 20 ms and many at once; a year's files one after another would take minutes.
AT_ONCE = 16
# A delivery is written and checked in pieces, so that a large one is not copied whole.
KEPT_BYTES = 2**24
PIECE_BYTES = 2**20
PIECE_ROWS = 20_000
# It names the columns of one dataset.
MOST_MANIFEST_BYTES = 2**20


@dataclass(frozen=True)
class Manifest:
    """What a landing file must be.

    Attributes:
        night: ISO date.
        rows: data rows, without the header, whose names are `columns` in order.
        bytes: size of the file, `sha256` is its hash in hex.
        shift_weeks: how many weeks later than it did all of it happens; not written where it is 0.
        parent: content hash of the file that these are some rows of; not written where it is empty.
    """

    source: str
    dataset: str
    night: str
    rows: int
    bytes: int
    sha256: str
    columns: list[str]
    is_stated_empty: bool
    shift_weeks: int = 0
    parent: str = ""

    def to_dict(self) -> dict[str, Any]:
        """What the file of the manifest says."""
        optional = ("shift_weeks", "parent")
        return {name: value for name, value in asdict(self).items() if name not in optional or value}


def land(root: Location, delivery: Delivery) -> DeliveryRef:
    """Write a delivery below a folder, unless it is there already; the reference to it.

    Safe against a crash at any point and against another process landing the same delivery.

    Raises:
        DeliveryError: if the delivery is empty and not stated to be, or if what has landed under the
            same name is damaged.
    """
    if not delivery.frame.num_rows and not delivery.is_stated_empty:
        raise DeliveryError(
            f"{delivery.source}/{delivery.dataset}/{delivery.night}: the delivery has no rows, "
            "and the source does not state that there are none"
        )
    # A large one is written out twice rather than kept beside its rows.
    pieces = list(_csv(delivery.frame)) if delivery.frame.nbytes < KEPT_BYTES else None
    digest, size = hashlib.sha256(), 0
    for piece in pieces or _csv(delivery.frame):
        digest.update(piece)
        size += len(piece)
    sha256 = digest.hexdigest()
    folder = root / delivery.source / delivery.dataset / delivery.night.isoformat()
    path = folder / f"{sha256[:HASH_DIGITS]}.csv"
    manifest = Manifest(
        source=delivery.source,
        dataset=delivery.dataset,
        night=delivery.night.isoformat(),
        rows=delivery.frame.num_rows,
        bytes=size,
        sha256=sha256,
        columns=list(delivery.frame.column_names),
        is_stated_empty=delivery.is_stated_empty,
        shift_weeks=delivery.shift_weeks,
        parent=delivery.parent,
    )
    with _write_alone(folder) if isinstance(folder, Path) else nullcontext():
        _land(path, manifest, pieces or _csv(delivery.frame))
    return _ref(path, manifest)


def _land(path: Location, manifest: Manifest, pieces: Iterable[bytes]) -> None:
    """Write the file and then its manifest, unless they are there."""
    beside = path.with_suffix(".json")
    if beside.exists():
        # The rows that were taken in may come again as a whole delivery.
        if replace(_read_manifest(beside), parent=manifest.parent) != manifest:
            raise DeliveryError(f"{beside} says something else of the same file: move it away")
        _check(path, manifest)
        return
    stated = (json.dumps(manifest.to_dict(), indent=1, sort_keys=True) + "\n").encode()
    for at, written in ((path, pieces), (beside, [stated])):
        if isinstance(at, Path):
            _write(at, written)
        else:
            _put(at, b"".join(written))


def verify(ref: DeliveryRef) -> Manifest:
    """The manifest of a landed delivery, after checking that the file is still what it says.

    Raises:
        DeliveryError: naming the file and what is wrong with it.
    """
    manifest = _read_own_manifest(ref)
    _check(ref.path, manifest)
    return manifest


def fetch(refs: Sequence[DeliveryRef], folder: Path) -> list[Path]:
    """Where the verified bytes of landed deliveries can be opened as files, in the order of `refs`.

    What lies on this machine stays where it is; objects are copied to the folder, and the copy is what was verified.

    Raises:
        DeliveryError: naming the file and what is wrong with it.
    """

    def fetched(number: int, ref: DeliveryRef) -> Path:
        if isinstance(ref.path, Path):
            verify(ref)
            return ref.path
        _, content = _read_verified(ref)
        copy = folder / f"{number}-{ref.path.name}"
        copy.write_bytes(content)
        return copy

    if all(isinstance(ref.path, Path) for ref in refs):
        return [fetched(number, ref) for number, ref in enumerate(refs)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(fetched, range(len(refs)), refs))


def read(ref: DeliveryRef) -> pa.Table:
    """The rows of a landed delivery, verified first: one string column per column, exact text.

    Raises:
        DeliveryError: naming the file and what is wrong with it.
    """
    manifest, content = _read_verified(ref)
    options = pyarrow.csv.ConvertOptions(
        column_types={column: pa.string() for column in manifest.columns}, strings_can_be_null=False
    )
    try:
        # No file of Python's: Arrow's threads would call it, and one that does while the process ends aborts it.
        table = pyarrow.csv.read_csv(
            pa.BufferReader(content),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
            convert_options=options,
        )
    except pa.ArrowInvalid as error:
        raise DeliveryError(f"{ref.path} cannot be parsed: {error}") from error
    if table.column_names != manifest.columns or table.num_rows != manifest.rows:
        raise DeliveryError(
            f"{ref.path} has {table.num_rows} rows of {table.column_names}, "
            f"but its manifest says {manifest.rows} rows of {manifest.columns}"
        )
    return table


def find_parent(part: DeliveryRef) -> DeliveryRef:
    """The whole delivery that some rows were taken in of; it arrives when the part did.

    Raises:
        DeliveryError: if it is not there any more.
    """
    path = part.path.with_name(f"{part.parent}.csv")
    return replace(_ref(path, _read_manifest(path.with_suffix(".json"))), arrival_night=part.arrival_night)


def _read_verified(ref: DeliveryRef) -> tuple[Manifest, bytes]:
    manifest = _read_own_manifest(ref)
    pieces: list[bytes] = []
    _check(ref.path, manifest, pieces)
    return manifest, b"".join(pieces)


def _read_own_manifest(ref: DeliveryRef) -> Manifest:
    manifest = _read_manifest(ref.path.with_suffix(".json"))
    wanted, reported = (
        (each.source, each.dataset, each.night, each.content_hash, each.rows, each.is_stated_empty)
        for each in (ref, _ref(ref.path, manifest))
    )
    if wanted != reported:
        raise DeliveryError(f"{ref.path}: the manifest says {reported}, the reference {wanted}")
    return manifest


def _read_manifest(path: Location) -> Manifest:
    try:
        with path.open("rb") if isinstance(path, Path) else io.BytesIO(path.read_bytes()) as file:
            stated: dict[str, Any] = json.loads(file.read(MOST_MANIFEST_BYTES))
        manifest = Manifest(**stated)
    except FileNotFoundError as error:
        raise DeliveryError(f"{path} is missing: nothing has landed; ingest its night again") from error
    except (OSError, ValueError, TypeError) as error:
        if isinstance(error, OSError) and not isinstance(path, Path):
            raise  # The store does not answer: that says nothing about the delivery, and is tried again.
        raise DeliveryError(f"{path} is no manifest ({error}): move it away and ingest its night") from error
    if manifest.sha256[:HASH_DIGITS] != path.stem:
        raise DeliveryError(f"{path} is the manifest of {manifest.sha256[:HASH_DIGITS]}: move it away")
    return manifest


def _check(path: Location, manifest: Manifest, pieces: list[bytes] | None = None) -> None:
    """Refuse a file that is not what the manifest says; its bytes are added to `pieces`."""
    remedy = "move the file and its manifest away and ingest the night again"
    digest, size = hashlib.sha256(), 0
    try:
        # Of a file that is too long, no more is read than shows it.
        with path.open("rb") if isinstance(path, Path) else io.BytesIO(path.read_bytes()) as file:
            while size <= manifest.bytes and (piece := file.read(PIECE_BYTES)):
                digest.update(piece)
                size += len(piece)
                if pieces is not None:
                    pieces.append(piece)
    except OSError as error:
        if not isinstance(error, FileNotFoundError) and not isinstance(path, Path):
            raise
        raise DeliveryError(f"{path} cannot be read ({error}), but has a manifest: {remedy}") from error
    if size != manifest.bytes:
        more = "at least " if size > manifest.bytes else ""
        raise DeliveryError(f"{path} has {more}{size} bytes, its manifest says {manifest.bytes}: {remedy}")
    if digest.hexdigest() != manifest.sha256:
        raise DeliveryError(
            f"{path} has SHA-256 {digest.hexdigest()}, its manifest says {manifest.sha256}: {remedy}"
        )


def _ref(path: Location, manifest: Manifest) -> DeliveryRef:
    night = date.fromisoformat(manifest.night)
    return DeliveryRef(
        source=manifest.source,
        dataset=manifest.dataset,
        night=night,
        content_hash=manifest.sha256[:HASH_DIGITS],
        path=path,
        rows=manifest.rows,
        is_stated_empty=manifest.is_stated_empty,
        arrival_night=night,
        shift_weeks=manifest.shift_weeks,
        parent=manifest.parent,
    )


def _csv(frame: pa.Table) -> Iterator[bytes]:
    """CSV with Unix line ends, in pieces: the bytes depend on nothing but the values.

    Quotes are where they are needed, and everywhere if a value holds a carriage return: readers take one outside of
    quotes for the end of a line.
    """
    returns = [pa.compute.any(pa.compute.match_substring(column, "\r")).as_py() for column in frame.columns]
    is_odd = any(returns) or any("\r" in name for name in frame.column_names)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if is_odd else csv.QUOTE_MINIMAL)
    writer.writerow(frame.column_names)
    yield text.getvalue().encode()
    for batch in frame.to_batches(max_chunksize=PIECE_ROWS):
        text.seek(0)
        text.truncate()
        writer.writerows(zip(*(column.to_pylist() for column in batch.columns), strict=True))
        yield text.getvalue().encode()


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Put bytes at `path` whole or not at all, read-only.

    Raises:
        OSError: naming the path, also where the disk is full.
    """
    try:
        with replace_file(path) as making, making.open("wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fchmod(file.fileno(), READ_ONLY)
            os.fsync(file.fileno())
    except OSError as error:
        if error.filename is None:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _put(path: UPath, content: bytes) -> None:
    """Put an object where there is none; one that is there without a manifest is the rest of a dead writer.

    Another process may put the same delivery at this moment: then the object has the same bytes.
    """
    try:
        path.fs.pipe_file(path.path, content, mode="create")
    except FileExistsError:
        if path.read_bytes() != content:
            path.fs.pipe_file(path.path, content)


@contextmanager
def _write_alone(folder: Path) -> Iterator[None]:
    """Keep other writers of this folder waiting; what lies in it unfinished is then the rest of one that died.

    At the end the renames are made to survive a power cut.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # Some network file systems lock no folders: then the rest lies on.
            fcntl.flock(handle, fcntl.LOCK_EX)
            for left in folder.glob(".*"):
                left.unlink(missing_ok=True)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)
