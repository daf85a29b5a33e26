"""Runs the sandbox until it is told to stop."""

import argparse
import signal
import sys
import threading
from dataclasses import fields
from pathlib import Path

from scout.sandbox.apify.settings import Settings
from scout.sandbox.server import Server
from scout.sandbox.site import Site

END = {signal.SIGTERM, signal.SIGINT}
#: A connection needs a thread but hardly any stack.
STACK_BYTES = 512 * 1024


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scout.sandbox", description="A loopback look-alike of the Apify API v2.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9100, help="0 picks a free one")
    parser.add_argument("--state-file", type=Path, help="runs survive a restart in this file")
    for field in fields(Settings):
        told = f"{field.metadata['told']} (default: {field.default!r})"
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default, help=told)
    return parser


def main() -> None:
    args = vars(parser().parse_args())
    host, port, state_file = args.pop("host"), args.pop("port"), args.pop("state_file")
    # Waited for instead of handled: a handler that sets an Event can meet the main thread inside that Event's own lock.
    signal.pthread_sigmask(signal.SIG_BLOCK, END)
    threading.stack_size(STACK_BYTES)
    site = Site(Settings(**args), state_file)
    try:
        server = Server(host, port, site.answer)
    except OSError as error:
        sys.exit(f"sandbox can't listen on {host}:{port}: {error.strerror}")
    server.start()
    print(f"sandbox listening on {server.url}", flush=True)
    signal.sigwait(END)
    server.stop()


if __name__ == "__main__":
    main()
