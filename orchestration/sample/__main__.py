"""`make sample`: writes a sample landing zone of any size."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from orchestration.sample.writer import SampleSize, write_sample


def main() -> int:
    """Writes, and returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="make sample", description=__doc__)
    parser.add_argument("landing", type=Path, help="folder to write; it must hold no stream yet")
    parser.add_argument("--messages", type=int, default=SampleSize.messages, help="outbound messages, about (default: %(default)s)")
    parser.add_argument("--days", type=int, default=SampleSize.days, help="days of traffic, the open one included (default: %(default)s)")
    parser.add_argument("--end-day", type=date.fromisoformat, default=None, help="the open day (default: today, UTC)")
    parser.add_argument("--seed", type=int, default=7, help="another seed tells another story (default: %(default)s)")
    parser.add_argument("--format", choices=["jsonl", "parquet"], default="jsonl", help="file format (default: %(default)s)")
    options = parser.parse_args()
    try:
        size = SampleSize(options.messages, options.days)
        write_sample(options.landing, end_day=options.end_day, size=size, seed=options.seed, file_format=options.format)
    except FileExistsError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
