"""The benchmark: `make bench`. Prints one table, and keeps it as JSON and as a chart."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shutil
import statistics
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import altair
import duckdb
from rich.console import Console
from rich.table import Table

from benchmarks.page import first_views
from benchmarks.readers import read_at_once
from benchmarks.reports import Question, accounts_by_size, against_plain_counts, p95, questions, seconds_in_turns, unsorted_copy
from benchmarks.zone import DAYS, Build, Zone
from outreach.settings import PROJECT
from outreach.sql import one_row
from outreach.warehouse.dbt_process import DbtProcess

MIB = 2**20


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Args:
        what: what was measured.
        against: what it is compared with.
        size: outbound messages of the landing zone.
        measured: the value.
        bar: the most it may be, or the least where more is better; None if it is only reported.
        unit: of the value: `×`, `s`, `ms`, `MiB`, `%`, or empty.
        is_floor: whether more is better.
        detail: the figures behind it.
    """

    what: str
    against: str
    size: int
    measured: float
    bar: float | None
    unit: str = "×"
    is_floor: bool = False
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether it meets its bar."""
        return self.bar is None or (self.measured >= self.bar if self.is_floor else self.measured <= self.bar)


class Bench:
    """The measurements over one landing zone, each after those it depends on.

    Args:
        zone: the landing zone.
        console: where progress is printed.
    """

    def __init__(self, zone: Zone, console: Console) -> None:
        self.zone = zone
        self.console = console
        # The full build, which comes first.
        self.full: Build

    def rows(self, increments: bool) -> Iterator[Row]:
        """Yields the rows as they are measured.

        Args:
            increments: whether to build the whole history day by day as well, which takes minutes.
        """
        self.tell("writes the landing zone")
        self.zone.write()
        yield from self.full_build()
        yield from self.publication()
        yield from self.reports()
        yield from self.ordinary_account()
        yield from self.readers()
        yield from self.first_view()
        yield from self.one_more_day()
        if increments:
            yield from self.day_by_day()

    def tell(self, what: str) -> None:
        """Prints progress."""
        self.console.print(f"[dim]{self.zone.messages:,} messages: {what}[/]", highlight=False)

    def row(self, what: str, against: str, measured: float, bar: float | None, **more: Any) -> Row:
        """A row that carries this zone's size."""
        return Row(what, against, self.zone.messages, measured, bar, **more)

    def full_build(self) -> Iterator[Row]:
        """A full build, against only reading, casting and writing the same rows."""
        self.tell("builds everything, three times around the floor")
        floors, builds = [], []
        for _ in range(3):
            floors.append(self.zone.floor())
            self.zone.remove()
            builds.append(self.zone.build("--full-refresh"))
        floor = statistics.median(floors)
        self.full = min(builds, key=lambda build: build.model_seconds)
        models = statistics.median(build.model_seconds for build in builds)
        wall = statistics.median(build.wall_seconds for build in builds)
        slowest = ", ".join(f"{name} {seconds:.1f}" for name, seconds in self.full.slowest(4))
        detail = f"{models:.1f} s; floor {floor:.1f} s; {slowest}"
        holds_from = self.zone.messages >= 5_000_000
        yield self.row("full build, models", "read, cast, write", models / floor, 2.5 if holds_from else None, detail=detail)
        yield self.row("full build, wall", "read, cast, write", wall / floor, 3.0 if holds_from else None, detail=f"{wall:.1f} s")
        yield self.row("full build, memory", "", self.full.peak_bytes / MIB, 12 * 1024, unit="MiB")

    def publication(self) -> Iterator[Row]:
        """The published file, against Parquet of the same columns."""
        self.tell("publishes")
        seconds = self.zone.publish()
        parquet = self.zone.folder / "parquet"
        shutil.rmtree(parquet, ignore_errors=True)
        parquet.mkdir()
        with duckdb.connect(str(self.zone.published), read_only=True) as db:
            for (table,) in db.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall():
                db.execute(f"copy marts.{table} to '{parquet / table}.parquet' (format parquet, compression zstd)")
        of_parquet = sum(file.stat().st_size for file in parquet.iterdir())
        shutil.rmtree(parquet)
        published = self.zone.published.stat().st_size
        detail = f"{published / MIB:.0f} MiB, written in {seconds:.1f} s"
        yield self.row("published file", "Parquet, zstd", published / of_parquet, 1.5, detail=detail)

    def reports(self) -> Iterator[Row]:
        """Every report of the largest account, against plain counts."""
        self.tell("asks for the largest account's reports")
        with duckdb.connect(str(self.zone.published), read_only=True) as db:
            largest = accounts_by_size(db)[0]
            for name, asked in questions(db, largest).items():
                answers = against_plain_counts(db, asked)
                # A ratio of two tiny times says nothing.
                ratios = {report: seconds / max(plain, 0.002) for report, (seconds, plain) in answers.items()}
                worst = max(ratios, key=lambda report: ratios[report])
                seconds, plain = answers[worst]
                detail = f"{worst}: {1000 * seconds:.0f} ms against {1000 * plain:.0f} ms"
                yield self.row(f"reports, largest account, {name}", "plain counts", ratios[worst], 3.0, detail=detail)
            week = questions(db, largest)["7 days"]
            found = [seconds_in_turns([(db, question.sql)], question.arguments, 20)[0] for question in week]
            slowest = p95(seconds for answers in found for seconds in answers)
            yield self.row("reports, largest account, 7 days, p95", "", 1000 * slowest, 30, unit="ms")

    def ordinary_account(self) -> Iterator[Row]:
        """The reports of an account with half a percent of the messages, against the same facts unsorted."""
        self.tell("asks for an ordinary account's reports")
        unsorted = self.zone.folder / "unsorted.duckdb"
        unsorted_copy(self.zone.published, unsorted, json.loads((self.zone.folder / "target/manifest.json").read_text()))
        with duckdb.connect(str(self.zone.published), read_only=True) as db, duckdb.connect(str(unsorted), read_only=True) as other:
            accounts = accounts_by_size(db)
            ordinary = accounts[min(len(accounts) - 1, 20)]
            asked = [question for group in questions(db, ordinary).values() for question in group]
            found = [seconds_in_turns([(db, question.sql), (other, question.sql)], question.arguments, 5) for question in asked]
        unsorted.unlink()
        medians = [(statistics.median(own), statistics.median(others)) for own, others in found]
        ratio = sum(b for _, b in medians) / sum(a for a, _ in medians)
        detail = f"{1000 * statistics.mean(a for a, _ in medians):.1f} ms against {1000 * statistics.mean(b for _, b in medians):.1f} ms"
        yield self.row("reports, ordinary account", "unsorted facts", ratio, 5.0, unit="× faster", is_floor=True, detail=detail)
        slowest = p95(seconds for own, _ in found for seconds in own)
        yield self.row("reports, ordinary account, p95", "", 1000 * slowest, 20, unit="ms")

    def page_questions(self) -> list[Question]:
        """Every report of the page, for the last seven days of an ordinary account."""
        with duckdb.connect(str(self.zone.published), read_only=True) as db:
            accounts = accounts_by_size(db)
            return questions(db, accounts[min(len(accounts) - 1, 20)])["7 days"]

    def readers(self) -> Iterator[Row]:
        """Eight readers during a build, against one reader without a build."""
        self.tell("asks with eight readers while a build runs")
        asked = self.page_questions()
        # As long as the build beside them.
        seconds = self.full.wall_seconds
        alone = read_at_once(self.zone.published, asked, 1, 15)
        other = replace(self.zone, folder=self.zone.folder / "beside")
        other.folder.mkdir(exist_ok=True)
        (other.folder / "landing").unlink(missing_ok=True)
        (other.folder / "landing").symlink_to(self.zone.landing.resolve())
        crowd = read_at_once(self.zone.published, asked, 8, seconds, meanwhile=lambda: other.build("--full-refresh"))
        shutil.rmtree(other.folder)
        rate = len(crowd) / seconds
        detail = f"{1000 * p95(crowd):.0f} ms against {1000 * p95(alone):.0f} ms, {rate:.0f} answers/s on {os.cpu_count()} cores"
        yield self.row("8 readers beside a build, p95", "1 reader alone", p95(crowd) / p95(alone), 3.0, detail=detail)

    def first_view(self) -> Iterator[Row]:
        """The page of the largest account, in a browser with an empty cache."""
        self.tell("opens the page")
        with duckdb.connect(str(self.zone.published), read_only=True) as db:
            largest = accounts_by_size(db)[0]
        if views := first_views(largest, 5, self.zone.published):
            yield self.row("the page's first view", "", statistics.median(views), 1.5, unit="s")

    def one_more_day(self) -> Iterator[Row]:
        """One more day arrives in a warehouse that holds all the earlier ones."""
        self.tell("takes in one more day")
        self.zone.remove()
        # dbt is kept ready, as by the main job.
        with closing(DbtProcess()) as dbt:
            with self.zone.without_last_day():
                self.zone.build("--full-refresh")
            day = self.zone.build(dbt=dbt.executable)
        with duckdb.connect(str(self.zone.warehouse), read_only=True) as db:
            (touched,) = one_row(db.execute("select count(*) from intermediate.int_touched_contacts"))
            of_contacts = "select distinct account_id, contact_id from marts.messaging_activity where contact_id is not null"
            (contacts,) = one_row(db.execute(f"select count(*) from ({of_contacts})"))
        share = touched / contacts
        full = self.full.model_seconds
        allowed = 2 * share * full + 1
        slowest = ", ".join(f"{name} {seconds:.1f}" for name, seconds in day.slowest(3))
        detail = f"{day.model_seconds:.1f} s, wall {day.wall_seconds:.1f} s; {100 * share:.1f} % of contacts touched; {slowest}"
        yield self.row("one more day, models", "full build", 100 * day.model_seconds / full, 10, unit="%", detail=detail)
        yield self.row(
            "one more day, models", "twice the share of contacts + 1 s", day.model_seconds / allowed, 1.0, detail=f"{allowed:.1f} s"
        )

    def day_by_day(self) -> Iterator[Row]:
        """Reports of a warehouse built in one increment per day, against those of one built in a single run."""
        self.tell(f"builds {DAYS} increments, a day each")
        growing = replace(self.zone, folder=self.zone.folder / "growing")
        shutil.rmtree(growing.folder, ignore_errors=True)
        days = sorted({path.name for path in self.zone.landing.glob("*/ingest_date=*")})
        for day in days:
            # Hard links save the copies; the build refuses symbolic links that lead out of the landing zone.
            for file in self.zone.landing.glob(f"*/{day}/*"):
                target = growing.landing / file.relative_to(self.zone.landing)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.hardlink_to(file)
            growing.build()
        growing.publish()
        self.zone.publish()
        with (
            duckdb.connect(str(self.zone.published), read_only=True) as db,
            duckdb.connect(str(growing.published), read_only=True) as other,
        ):
            asked = questions(db, accounts_by_size(db)[0])["90 days"]
            for question in asked:
                answers = [file.execute(question.sql, question.arguments).fetchall() for file in (db, other)]
                assert answers[0] == answers[1], question
            found = [seconds_in_turns([(db, question.sql), (other, question.sql)], question.arguments, 9) for question in asked]
            at_once = sum(statistics.median(seconds) for seconds, _ in found)
            grown = sum(statistics.median(seconds) for _, seconds in found)
        shutil.rmtree(growing.folder)
        detail = f"{1000 * grown:.0f} ms against {1000 * at_once:.0f} ms"
        yield self.row(f"reports after {len(days)} increments", "one full refresh", grown / at_once, 1.2, detail=detail)


def growth(rows: list[Row]) -> Iterator[Row]:
    """How build time grows with size: 1 means in proportion."""
    seconds = {row.size: float(row.detail.split(" s;")[0]) for row in rows if row.what == "full build, models"}
    sizes = sorted(seconds)
    for small, large in pairwise(sizes):
        exponent = math.log(seconds[large] / seconds[small]) / math.log(large / small)
        detail = f"{seconds[small]:.1f} s to {seconds[large]:.1f} s"
        yield Row("growth of build time", f"{small:,} messages", large, exponent, 1.05, unit="", detail=detail)


def shown(rows: list[Row]) -> Table:
    """The table."""
    table = Table("messages", "what", "against", "measured", "bar", "", "figures", title="Benchmark")
    for row in rows:
        bar = "" if row.bar is None else f"{'≥' if row.is_floor else '≤'} {row.bar:g} {row.unit}"
        verdict = "" if row.bar is None else "[green]holds[/]" if row.holds else "[bold red]falls short[/]"
        table.add_row(f"{row.size:,}", row.what, row.against, f"{row.measured:.2f} {row.unit}", bar, verdict, row.detail)
    return table


def chart(rows: list[Row], file: Path) -> None:
    """Draws each measurement as a share of its bar, for the documentation.

    Args:
        rows: the table.
        file: an SVG file.
    """
    values = [
        {
            "what": f"{row.what}{f', against {row.against}' if row.against else ''} ({row.size / 1e6:g} M)",
            "share": row.bar / row.measured if row.is_floor else row.measured / row.bar,
            "verdict": "holds" if row.holds else "falls short",
        }
        for row in rows
        if row.bar is not None
    ]
    color = altair.Color("verdict:N", scale=altair.Scale(domain=["holds", "falls short"], range=["#3b82f6", "#d9730d"]), title=None)
    bars = altair.Chart(altair.InlineData(values=values)).encode(
        y=altair.Y("what:N", sort=None, title=None, axis=altair.Axis(labelLimit=460))
    )
    drawn = bars.mark_bar().encode(x=altair.X("share:Q", title="share of the bar (1 is the bar; less is better)"), color=color)
    limit = altair.Chart(altair.InlineData(values=[{"limit": 1}])).mark_rule(strokeDash=[4, 3]).encode(x="limit:Q")
    # Room for fonts that are wider than the one that the labels were measured in.
    room = {"left": 90, "right": 5, "top": 5, "bottom": 5}
    (drawn + limit).properties(width=420, padding=room).configure(background="white").save(str(file))


def main() -> int:
    """Measures, and returns the process's exit code: 1 if a row misses its bar."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=[1_000_000, 5_000_000], help="outbound messages (default: 1000000 5000000)")
    parser.add_argument("--folder", type=Path, default=PROJECT / "data/bench", help="where it works; landing zones are kept")
    parser.add_argument("--increments", action="store_true", help="also build the smallest size day by day: some twenty minutes")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 200)
    rows: list[Row] = []
    for place, size in enumerate(sorted(options.sizes)):
        folder = options.folder.resolve() / f"{size}"
        folder.mkdir(parents=True, exist_ok=True)
        for row in Bench(Zone(folder, size), console).rows(options.increments and place == 0):
            rows.append(row)
    rows += growth(rows)
    console.print(shown(rows))
    machine = {"processors": os.cpu_count(), "system": platform.platform(), "duckdb": duckdb.__version__}
    results = {"machine": machine, "rows": [asdict(row) | {"holds": row.holds} for row in rows]}
    (options.folder / "results.json").write_text(json.dumps(results, indent=2))
    chart(rows, options.folder / "chart.svg")
    console.print(f"Kept as {options.folder}/results.json and chart.svg", highlight=False)
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
