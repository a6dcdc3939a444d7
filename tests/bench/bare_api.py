"""A bare FastAPI handler that returns bytes which are ready: `python bare_api.py BODIES`, at REDEYE_API_PORT."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import uvicorn
from api import PATH
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

BODIES = {
    query.removeprefix("?"): body.encode()
    for query, body in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")).items()
}
app = FastAPI()


@app.get("/healthz")
async def healthz() -> Response:
    """Whether it answers."""
    return Response()


@app.get(PATH)
async def read(request: Request) -> Response:
    """What is ready."""
    return Response(BODIES[request.url.query], media_type="application/json")


if __name__ == "__main__":
    port = int(os.environ["REDEYE_API_PORT"])
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, server_header=False, log_level="warning")
