"""The command line: `python -m reference` starts the platform and prints one line of JSON when it is ready."""

import argparse
import asyncio
import json
import logging
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict

from reference import faults
from reference.headers import TIERS
from reference.settings import RELEASE, Settings

_COULD_NOT_START = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a platform, or list the faults; return the exit code."""
    parser = _make_parser()
    options = parser.parse_args(arguments)
    if options.list_faults:
        _list_faults(as_json=options.json)
        return 0
    try:
        planted, planted_next = faults.find(options.fault), faults.find(options.next_fault)
    except ValueError as error:
        parser.error(str(error))
    if not options.next_release and (planted_next or planted & faults.OF_SWITCHING):
        parser.error("these faults need a release to switch to: --next-release 1.5.0")
    logging.basicConfig(level=options.log_level, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    settings = Settings(
        faults=planted,
        tier=options.tier,
        tls=options.tls,
        pool=options.pool,
        database=options.database,
        until_stdin_closes=options.until_stdin_closes,
        next_release=options.next_release,
        next_faults=planted_next,
        switch_lasts=options.switch_lasts,
    )
    from reference.platform import (
        run,
    )  # half a second of imports, that a list of faults or a typing error can do without
    from reference.postgres import PostgresUnavailable

    try:
        asyncio.run(run(settings))
    except PostgresUnavailable as error:
        sys.stderr.write(f"reference: {error}\n")
        return _COULD_NOT_START
    return 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reference",
        description="Starts the reference platform on 127.0.0.1 and prints one line of JSON when it is ready.",
    )
    parser.add_argument("--fault", action="append", default=[], metavar="NAME", help="plant a fault; repeatable")
    parser.add_argument(
        "--next-release", type=_version, metavar="VERSION", help="a release that waits beside this one: blue-green"
    )
    parser.add_argument(
        "--next-fault",
        action="append",
        default=[],
        metavar="NAME",
        help="plant a fault in the next release; repeatable",
    )
    parser.add_argument(
        "--switch-lasts",
        type=_seconds,
        default=0.5,
        metavar="SECONDS",
        help="how long a planted way of switching badly lasts (default: %(default)s)",
    )
    parser.add_argument("--tier", choices=TIERS, default="baseline", help="of security headers (default: %(default)s)")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS with a certificate made for this run")
    parser.add_argument(
        "--pool", type=_positive, default=5, metavar="N", help="previews at once (default: %(default)s)"
    )
    parser.add_argument(
        "--database", type=_database_url, metavar="URL", help="make a database on this server, and drop it at the end"
    )
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when stdin reaches its end")
    parser.add_argument("--log-level", default="ERROR", choices=("DEBUG", "INFO", "WARNING", "ERROR"), help="of stderr")
    parser.add_argument("--list-faults", action="store_true", help="list the faults and end")
    parser.add_argument("--json", action="store_true", help="with --list-faults: as JSON")
    return parser


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() and len(text) < 4 else 0
    if not 1 <= number <= 100:
        raise argparse.ArgumentTypeError("expected 1 to 100")
    return number


def _version(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,63}", text) or text == RELEASE:
        raise argparse.ArgumentTypeError(f"expected a version like 1.5.0, other than {RELEASE}")
    return text


def _seconds(text: str) -> float:
    number = float(text) if re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", text) else 0.0
    if number <= 0:
        raise argparse.ArgumentTypeError("expected seconds, above 0 and below 100")
    return number


def _database_url(text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://")):
        raise argparse.ArgumentTypeError("expected postgresql://...")
    return text


def _list_faults(*, as_json: bool) -> None:
    known = faults.REGISTRY.values()
    if as_json:
        sys.stdout.write(json.dumps([asdict(fault) for fault in known], indent=2) + "\n")
        return
    width = max(len(fault.name) for fault in known)
    for fault in known:
        sys.stdout.write(f"{fault.name:{width}}  {fault.breaks} ({', '.join(fault.covers)})\n")


if __name__ == "__main__":
    sys.exit(main())
