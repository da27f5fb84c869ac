"""Any two commands at once: each waits, or names the other in one line; nothing is lost."""

from __future__ import annotations

import sys
import time
from itertools import count
from pathlib import Path
from random import Random

from harness import Warehouse, differing_rows
from raw_rows import ACCOUNT, CALL, MESSAGE, written_as_csv
from stories import account_row, of_account, sent

PAIRS = 20
# The longest delay of the second command in seconds: pairs meet in every step of a build.
LATEST = 25

COMMANDS = {
    "build": ["-m", "orchestration.build"],
    "build anyway": ["-m", "orchestration.build", "--anyway"],
    "full refresh": ["-m", "orchestration.build", "--full-refresh"],
    "Dagster's job": ["-m", "dagster", "job", "execute", "-m", "orchestration.definitions", "-j", "build"],
    "ingest": ["-m", "outreach.commands.ingest", "twilio-fivetran"],
    "compact": ["-m", "outreach.commands.compact"],
    "query": ["-m", "outreach.commands.query", "--warehouse"],
}


def test_any_two_commands_started_together_wait_or_say_who_works_and_nothing_is_lost(warehouse: Warehouse, tmp_path: Path) -> None:
    rng, messages = Random(22), count()
    raw = tmp_path / "raw"
    raw.mkdir()
    warehouse.landing.deliver(of_account("a", account_row(), sent(f"m{next(messages)}", "11-10 10:00")))
    code, printed = warehouse.run_main_job()
    assert code == 0, printed
    (warehouse.path.with_name("dagster")).mkdir(exist_ok=True)
    names = sorted(COMMANDS)
    ingested = []
    for pair in range(PAIRS):
        # Something new for the first of them.
        warehouse.landing.deliver(of_account("a", sent(f"m{next(messages)}", "11-10 10:00")))
        ingested.append(MESSAGE | {"id": f"SM{pair}"})
        written_as_csv(raw, message=ingested, call=[CALL], account_history=[ACCOUNT])
        first, second = rng.choice(names), rng.choice(names)
        delay = rng.choice([0, 0, rng.uniform(0, 5), rng.uniform(5, LATEST)])
        started = []
        for name in (first, second):
            more = ["--location", str(raw)] if name == "ingest" else []
            started.append(warehouse.start(sys.executable, *COMMANDS[name], *more, OUTREACH_QUERY="from staging.landing_files"))
            time.sleep(delay if name is first and len(started) == 1 else 0)
        for name, process in zip((first, second), started, strict=True):
            printed, _ = process.communicate()
            about = f"{first} and {second} after {delay:.1f} s: {name} said\n{printed}"
            assert "Traceback" not in printed, about
            lines = printed.strip().splitlines()
            taken = len(lines) == 1 and any(word in lines[0] for word in ("taken", "another process", "Another"))
            assert process.returncode == 0 or taken, about
    # Finally, everything is ingested and built.
    for command in ([*COMMANDS["ingest"], "--location", str(raw)], COMMANDS["build"]):
        process = warehouse.start(sys.executable, *command)
        printed, _ = process.communicate()
        assert process.returncode == 0, printed
    with warehouse.connect() as db:
        kept = dict(db.execute("select account_id, count(*) from marts.fct_messages group by all").fetchall())
    assert kept == {"a": PAIRS + 1, "AC1": PAIRS}
    at_once = Warehouse(tmp_path / "at_once.duckdb", warehouse.landing)
    at_once.build("--full-refresh")
    assert differing_rows(warehouse.path, at_once.path) == {}
    assert differing_rows(warehouse.published, warehouse.path, besides=["publication"]) == {}
