"""Runs `module:function` of this folder with arguments in JSON, and prints its result as the last line."""

from __future__ import annotations

import importlib
import json
import sys


def main() -> None:
    """`child.py module:function '{"name": value}'`."""
    module, _, function = sys.argv[1].partition(":")
    result = getattr(importlib.import_module(module), function)(**json.loads(sys.argv[2]))
    sys.stdout.flush()
    sys.stdout.write("\n" + json.dumps(result, default=str) + "\n")


if __name__ == "__main__":
    main()
