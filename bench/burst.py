"""Many different searches at once by a staff token: how long until all are answered, and how many starts were paid."""

import argparse
import asyncio
import os
import statistics
import tempfile
from pathlib import Path

from tests.people import ask_all
from tests.stack import Stack

SPANS = """
from searches.search.models import Run
rows = Run.objects.values_list("created_at", "started_at", "finished_at")
result = [[(s - c).total_seconds(), (f - s).total_seconds()] for c, s, f in rows if s and f]
"""


def cpu_seconds(stack: Stack) -> dict[str, float]:
    """What each process has used since it began."""
    ticks = os.sysconf("SC_CLK_TCK")
    stats = {name: Path(f"/proc/{p.pid}/stat").read_text().rsplit(")", 1)[1].split() for name, p in stack.processes.items()}
    return {name: (int(fields[11]) + int(fields[12])) / ticks for name, fields in stats.items()}


def tell(name: str, seconds: list[float]) -> None:
    print(f"{name:<28} median {statistics.median(seconds):6.2f} s   last {max(seconds):6.2f} s")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser("bench burst")
    parser.add_argument("--searches", type=int, default=300)
    parser.add_argument("--slots", type=int, default=300)
    parser.add_argument("--run-seconds", type=float, default=5)
    parser.add_argument("--latency", type=float, default=0, help="seconds that upstream holds back each answer")
    parser.add_argument("--web", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--poll", type=float, default=1)
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="scout-bench-") as folder:
        options = {"web": asked.web, "workers": asked.workers, "run_seconds": asked.run_seconds}
        stack = Stack(Path(folder), **options, DEFAULT_PLATFORM_SLOTS=str(asked.slots)).start()
        try:
            stack.control("POST", "settings", {"latency": asked.latency})
            addresses = [f"http://127.0.0.1:{stack.ports[name]}" for name in stack.web_names]
            queries = [f"burst {i}" for i in range(asked.searches)]
            token, before = stack.token("admin"), cpu_seconds(stack)
            seen = asyncio.run(ask_all(addresses, token, queries, poll=asked.poll))
            used = {name: seconds - before[name] for name, seconds in cpu_seconds(stack).items()}
            stats, spans = stack.control("GET", "stats"), stack.python(SPANS)
        finally:
            stack.stop()
    done = [s for s in seen if s.status == "completed" and s.told["data"]]
    print(f"searches {len(seen)}, completed with items {len(done)}, starts {stats['starts']}, duplicates {len(stats['duplicates'])}")
    print(f"most at once upstream {stats['maxRunning']}, of {asked.slots} slots; list calls {stats['listCalls']}")
    tell("accepted after first POST", [s.accepted_after for s in seen])
    tell("started after it was asked", [span[0] for span in spans])
    tell("done after upstream's end", [span[1] - asked.run_seconds for span in spans])
    tell("told after first POST", [s.ended_after for s in seen])
    print("CPU seconds: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in used.items()))
    return 0 if len(done) == len(seen) == stats["starts"] else 1
