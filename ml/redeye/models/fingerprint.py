"""The processor and the libraries on which a model's predictions depend to the last bit."""

from __future__ import annotations

import platform
import re
from functools import lru_cache
from pathlib import Path

from redeye.models.software import list_packages

LIBRARIES = ("numpy", "torch", "xgboost-cpu", "onnxruntime")
CPU_INFO = Path("/proc/cpuinfo")


@lru_cache(maxsize=1)
def read_fingerprint() -> str:
    """Of this process, as text: two are equal if the same model gives the same bits in both."""
    from torch.backends.cpu import get_cpu_capability

    known = CPU_INFO.read_text(encoding="utf-8") if CPU_INFO.is_file() else ""
    names = re.search(r"^model name\s*:\s*(.+)$", known, re.MULTILINE)
    processor = names.group(1) if names else platform.processor()
    instructions = f"torch by {get_cpu_capability()}"
    return ", ".join(
        part for part in (platform.machine(), processor, instructions, *list_packages(LIBRARIES)) if part
    )
