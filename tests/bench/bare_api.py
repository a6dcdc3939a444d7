"""A bare FastAPI handler that returns bytes which are ready: `python bare_api.py BODIES`, at REDEYE_API_PORT."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import uvicorn
from api import LIST
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

BODIES = {
    target: (media_type, body.encode("latin-1"))
    for target, (media_type, body) in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")).items()
}
app = FastAPI()


@app.get("/healthz")
async def healthz() -> Response:
    """Whether it answers."""
    return Response()


@app.get(f"{LIST}/latest")
async def read_latest(request: Request) -> Response:
    """What is ready."""
    media_type, body = BODIES[f"{LIST}/latest?{request.url.query}".removesuffix("?")]
    return Response(body, media_type=media_type)


@app.get(LIST + "/{key}")
async def read_prediction(key: str) -> Response:
    """What is ready."""
    media_type, body = BODIES[f"{LIST}/{key}"]
    return Response(body, media_type=media_type)


if __name__ == "__main__":
    port = int(os.environ["REDEYE_API_PORT"])
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, server_header=False, log_level="warning")
