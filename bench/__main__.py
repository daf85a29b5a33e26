"""bin/bench: without a name, the list of measurements; with one, that measurement. Each is a module here with a `main`."""

import importlib
import pkgutil
import sys
from pathlib import Path


def measurements() -> list[str]:
    return [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if not m.name.startswith("_")]


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in measurements():
        for name in measurements():
            print(f"{name:<10} {(importlib.import_module(f'bench.{name}').__doc__ or '').splitlines()[0]}")
        return 0 if len(sys.argv) < 2 else 2
    result: int = importlib.import_module(f"bench.{sys.argv[1]}").main(sys.argv[2:])
    return result


if __name__ == "__main__":
    sys.exit(main())
