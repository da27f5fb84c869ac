"""`make sample`: writes a sample landing zone of any size or, with --source, the same data as raw tables for `make ingest`."""

from __future__ import annotations

import argparse
import shlex
import sys
from datetime import date
from pathlib import Path

from outreach.landing.sample import SampleSize, write_raw_sample, write_sample


def main() -> int:
    """Writes the sample, and returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="make sample", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder to write; it must hold no stream or raw table yet")
    parser.add_argument("--source", choices=["twilio-fivetran"], help="write raw tables as this source has them")
    parser.add_argument("--messages", type=int, default=SampleSize.messages, help="outbound messages, about (default: %(default)s)")
    parser.add_argument("--days", type=int, default=SampleSize.days, help="days of traffic, the open one included (default: %(default)s)")
    parser.add_argument("--end-day", type=date.fromisoformat, default=None, help="the open day (default: today, UTC)")
    parser.add_argument("--seed", type=int, default=7, help="another seed gives other data (default: %(default)s)")
    parser.add_argument("--format", choices=["jsonl", "csv", "parquet"], help="file format (default: jsonl, of raw tables csv)")
    options = parser.parse_args()
    try:
        size = SampleSize(options.messages, options.days)
        write, default = (write_raw_sample, "csv") if options.source else (write_sample, "jsonl")
        write(options.folder, end_day=options.end_day, size=size, seed=options.seed, file_format=options.format or default)
    except (FileExistsError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.source:
        print(f'Now: make ingest ARGS="{options.source} --location {shlex.quote(str(options.folder))}"')
    return 0


if __name__ == "__main__":
    sys.exit(main())
