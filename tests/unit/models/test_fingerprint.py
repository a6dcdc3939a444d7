"""A fingerprint names the processor, as torch uses it, and the libraries that predictions are computed with."""

from __future__ import annotations

import os
import subprocess
import sys

import torch

from redeye.models.fingerprint import LIBRARIES, read_fingerprint
from redeye.models.software import list_packages


def test_it_names_the_instructions_and_each_library() -> None:
    found = read_fingerprint()
    assert f"torch by {torch.backends.cpu.get_cpu_capability()}" in found
    assert all(package in found for package in list_packages(LIBRARIES))


def test_it_differs_where_torch_uses_plain_instructions_only_and_is_the_same_otherwise() -> None:
    command = [sys.executable, "-c", "from redeye.models.fingerprint import *; print(read_fingerprint())"]

    def read(**changed: str) -> str:
        done = subprocess.run(command, env=os.environ | changed, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert read() == read_fingerprint()
    assert "torch by DEFAULT" in read(ATEN_CPU_CAPABILITY="default")
