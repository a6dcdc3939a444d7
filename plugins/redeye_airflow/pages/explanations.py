"""Explanations of predictions, each by a process of its own: one at a time, and so many as may wait for that."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import logging
import sys
import tempfile
import zipfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import HTTPException

from redeye.foundation.masking import mask
from redeye.foundation.settings import ENGINE

log = logging.getLogger(__name__)

LIMIT_SECONDS = 180
MOST_OF_ONE_USER, MOST_OF_ALL = 3, 8
"""Explanations and exports under way or waiting; each takes up to half a minute, and the last of all waits for it."""
_KEPT = 32
# The command's own: the chain does not give the probability again, or a file was altered. It is reported all the same.
_NOT_REPRODUCED = 1

# The last explanations, so that a page and its export ask once.
_known: OrderedDict[str, dict[str, Any]] = OrderedDict()
_one_at_a_time = asyncio.Semaphore(1)
# By user.
_asked: Counter[str] = Counter()


@asynccontextmanager
async def take_turn(user: str) -> AsyncIterator[None]:
    """Wait for one's turn, unless too many wait.

    Raises:
        HTTPException: 429 if the user, or all of them together, ask for more than may wait.
    """
    if _asked[user] >= MOST_OF_ONE_USER or _asked.total() >= MOST_OF_ALL:
        told = f"{_asked[user]} explanations of yours are being made, {_asked.total()} of all"
        raise HTTPException(429, f"{told}: ask again when one is done", headers={"Retry-After": "30"})
    _asked[user] += 1
    try:
        async with _one_at_a_time:
            yield
    finally:
        _asked[user] -= 1


async def explain_prediction(prediction_id: str, *, user: str) -> dict[str, Any]:
    """What the prediction rests on, as `Explanation.to_dict` has it.

    A process of its own imports what the api-server must not, and may take long: one at a time.

    Raises:
        HTTPException: 429 if too many wait already, 504 if it took too long, 500 with the command's last line if it
            failed.
    """
    if prediction_id in _known:
        _known.move_to_end(prediction_id)
        return _known[prediction_id]
    async with take_turn(user):
        if prediction_id not in _known:
            with tempfile.TemporaryDirectory(prefix="redeye-explain-") as folder:
                to = Path(folder) / "explanation.json"
                await _run("redeye", "explain", prediction_id, "--to", str(to), to=to)
                _known[prediction_id] = json.loads(to.read_text(encoding="utf-8"))
            while len(_known) > _KEPT:
                _known.popitem(last=False)
    return _known[prediction_id]


async def archive_explanation(prediction_id: str, *, user: str) -> tuple[bytes, str]:
    """The archive for an auditor, and the SHA-256 that stands for it: that of its manifest.

    Raises:
        HTTPException: as of `explain_prediction`.
    """
    found = await explain_prediction(prediction_id, user=user)
    async with take_turn(user):
        return await _archive(found)


async def _archive(found: dict[str, Any]) -> tuple[bytes, str]:
    with tempfile.TemporaryDirectory(prefix="redeye-export-") as folder:
        given, to = Path(folder) / "explanation.json", Path(folder) / "export.zip"
        given.write_text(json.dumps(found), encoding="utf-8")
        await _run("redeye.scoring.audit_file", str(given), str(to), to=to)
        content = to.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return content, hashlib.sha256(packed.read("MANIFEST.json")).hexdigest()


async def _run(module: str, *arguments: str, to: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        cwd=ENGINE,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), LIMIT_SECONDS)
    except TimeoutError as error:
        raise HTTPException(504, f"explaining took longer than {LIMIT_SECONDS} s: try again later") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode not in (0, _NOT_REPRODUCED) or not to.exists():
        lines = mask(said.decode(errors="replace").strip()).splitlines()
        log.warning("%s %s ended with %s:\n%s", module, arguments, process.returncode, "\n".join(lines[-30:]))
        raise HTTPException(500, lines[-1] if lines else "the explanation could not be made")
