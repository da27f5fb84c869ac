"""The product's backend: the sample, day after day."""

from __future__ import annotations

import gzip
import json
import shutil
from contextlib import suppress
from datetime import date
from pathlib import Path

from oracle import LandedRow

from outreach.landing.sample import SampleSize, write_sample


class Backend:
    """The sample as the product's backend would write it: day after day.

    Args:
        folder: for all of it.
        landing: the landing zone to write to.
        size: messages and days (default: the sample's own).
    """

    def __init__(self, folder: Path, landing: Path, size: SampleSize | None = None) -> None:
        write_sample(folder, end_day=date(2026, 11, 24), size=size, progress=lambda line: None)
        self.landing = landing
        self.source = folder
        self.days = sorted({path.name for path in folder.glob("*/ingest_date=*")})

    def deliver(self, days: list[str]) -> None:
        """Copies the files of some ingest days."""
        for path in (path for day in days for path in self.source.glob(f"*/{day}")):
            shutil.copytree(path, self.landing / path.relative_to(self.source), dirs_exist_ok=True)

    def rows(self) -> list[LandedRow]:
        """All rows that can be read."""
        rows = []
        for file in sorted(self.source.glob("*/*/*")):
            stream, day = file.parts[-3], date.fromisoformat(file.parts[-2].partition("=")[2])
            with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
                for line in lines:
                    with suppress(json.JSONDecodeError):
                        rows.append(LandedRow(stream, day, json.loads(line)))
        return rows
