"""One prediction as one archive that an auditor can check offline, with Python and nothing else.

It holds the explanation, the model's files, the deliveries of the prediction's own night and its schedule, the
SHA-256 of each, and a program that compares them. Earlier deliveries are named by their hashes.

A process of its own makes it: `python -m redeye.scoring.audit_file EXPLANATION.json TO.zip`.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from redeye.foundation.pages import Table, convert_to_html, render_markdown
from redeye.models.algorithms.storage import read_files
from redeye.models.artifact_store import make_path, resolve_uri

MANIFEST = "MANIFEST.json"
CHECKER = "check.py"
_AGAIN = "recomputed_"
# Of every entry: the same prediction gives the same archive.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(explanation: dict[str, Any]) -> bytes:
    """The archive.

    Raises:
        ModelAltered: if the model's files are not those that were promoted.
        OSError: if a delivery cannot be read.
    """
    files = {
        "explanation.json": (json.dumps(explanation, indent=2, sort_keys=True) + "\n").encode(),
        "explanation.html": render_explanation(explanation).encode(),
        CHECKER: Path(__file__).with_name("audit_check.py").read_bytes(),
        **{f"model/{name}": content for name, content in _model(explanation["promotion"]).items()},
        **_deliveries(explanation),
    }
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    files[MANIFEST] = (json.dumps(sums, indent=2) + "\n").encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def render_explanation(explanation: dict[str, Any]) -> str:
    """The explanation for people, as HTML."""
    inputs = [
        (
            each["column"],
            "missing" if each["value"] is None else str(each["value"]),
            f"{each['effect']:+.6f}",
        )
        for each in explanation["inputs"]
    ]
    deliveries = [
        (f"{each['source']} {each['dataset']}", each["night"], each["content_hash"], str(each["rows"]))
        for each in explanation["deliveries"]
    ]
    recomputed = {
        name.removeprefix(_AGAIN): value for name, value in explanation.items() if name.startswith(_AGAIN)
    }
    steps = explanation.get("steps", [])
    text = render_markdown(
        "scoring/explanation.md.j2",
        is_reproduced=explanation["is_reproduced"],
        said=" and ".join(recomputed),
        recomputed=" and ".join(repr(value) for value in recomputed.values()),
        notes=[*explanation["notes"], *explanation["altered_deliveries"]],
        prediction=explanation["prediction"],
        promotion={name: value for name, value in explanation["promotion"].items() if name != "evidence"},
        release=explanation["release"],
        inputs=Table(("input", "value", "effect"), inputs, (1, 2)),
        steps=Table(
            ("step", *recomputed),
            [(each["text"], *(repr(each["values"][name]) for name in recomputed)) for each in steps],
            tuple(range(1, len(recomputed) + 1)),
        )
        if steps
        else None,
        deliveries=Table(("dataset", "night", "SHA-256, first digits", "rows"), deliveries, (3,)),
        tabulate=_tabulate,
        checker=CHECKER,
    )
    return convert_to_html(text)


def _tabulate(values: dict[str, Any]) -> Table:
    return Table(("", ""), [(name, str(value)) for name, value in values.items()])


def _model(promotion: dict[str, Any]) -> dict[str, bytes]:
    """The files that `artifact_sha256` stands for."""
    return read_files(make_path(resolve_uri(promotion["artifact_uri"])), promotion["artifact_sha256"])


def _deliveries(explanation: dict[str, Any]) -> dict[str, bytes]:
    """The schedule that announced it, and what arrived for the night that predicted it; none that was altered.

    Whoever can write to the landing could put a link to another file there. The explanation names those.
    """
    night = explanation["prediction"]["night"][:10]
    own = [each for each in explanation["deliveries"] if each["night"] == night]
    own += [explanation["schedule"]] if explanation["schedule"] else []
    files = {}
    for each in own:
        content = make_path(each["path"]).read_bytes()
        if hashlib.sha256(content).hexdigest().startswith(each["content_hash"]):
            files[f"deliveries/{each['dataset']}-{each['night']}-{each['content_hash']}.csv"] = content
    return files


if __name__ == "__main__":
    given, to = map(Path, sys.argv[1:3])
    to.write_bytes(pack(json.loads(given.read_text(encoding="utf-8"))))
