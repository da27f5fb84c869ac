"""Raw tables in a real Postgres, with a loader's types."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from raw_rows import ACCOUNT, CALL, MESSAGE, landed

from outreach.connectors.ingestion import Ingestion, ingest, sources
from outreach.connectors.raw_tables import SourceError
from outreach.settings import Settings

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)

pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="Postgres is not installed: apt-get install postgresql")

TYPES = {
    "created_at": "timestamptz", "date_sent": "timestamptz", "updated_at": "timestamptz", "_fivetran_synced": "timestamptz",
    "start_time": "timestamptz", "end_time": "timestamptz", "num_media": "integer", "num_segments": "bigint", "price": "double precision",
    "duration": "numeric", "error_code": "bigint",
}  # fmt: skip


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The location of a database with a password."""
    import adbc_driver_postgresql.dbapi as client

    # Postgres refuses to run as root, and cannot read root's folders.
    folder = Path(f"/tmp/outreach-postgres-{os.getpid()}")
    folder.mkdir(mode=0o700)
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (password := folder / "password").write_text("s3cret")
    if as_user:
        shutil.chown(password, "postgres")
    data = str(folder / "data")

    def run(program: str, *arguments: str) -> None:
        subprocess.run([*as_user, str(PROGRAMS / program), "-D", data, *arguments], check=True, stdout=subprocess.DEVNULL, cwd=folder)

    run("initdb", "--auth=scram-sha-256", f"--pwfile={password}", "--username=outreach", "--no-sync")
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -F", "start")
    try:
        location = f"postgresql://outreach:s3cret@127.0.0.1:{port}/postgres"
        with client.connect(location, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute('create schema "Twilio"')
            undelivered = MESSAGE | {"error_code": 30007, "status": "undelivered"}
            for name, row in (("message", undelivered), ("call", CALL), ("account_history", ACCOUNT)):
                columns = ", ".join(f'"{column}" {TYPES.get(column, "text")}' for column in row)
                cursor.execute(f'create table "Twilio".{name} ({columns})')
                values = ", ".join("null" if value is None else f"'{value}'" for value in row.values())
                cursor.execute(f'insert into "Twilio".{name} values ({values})')
        yield location
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def ingested(location: str, folder: Path, schema: str = "Twilio", key: bytes = b"", **options: Any) -> Ingestion:
    settings = Settings(str(folder / "landing"), "jsonl", folder / "w", folder / "p", folder / "home", folder / "raw")
    return ingest(sources()["twilio-fivetran"], location, schema, settings, key, **options)


def test_tables_in_postgres_become_the_same_rows_as_in_files(postgres: str, tmp_path: Path) -> None:
    assert ingested(postgres, tmp_path).written == {
        "accounts": 1, "campaigns": 0, "message_attributes": 1, "call_attributes": 0, "message_events": 2, "call_events": 3,
    }  # fmt: skip
    events = {row["event_type"]: row for row in landed(tmp_path, "message_events")}
    assert {kind: row["occurred_at"][:19] for kind, row in events.items()} == {
        "sent": "2026-11-20T10:00:05", "undelivered": "2026-11-20T10:01:00",
    }  # fmt: skip
    assert events["undelivered"]["error_code"] == "30007"
    assert [(row["segments"], float(row["price"])) for row in landed(tmp_path, "message_attributes")] == [(1, 0.0079)]
    assert not any(ingested(postgres, tmp_path).written.values())
    read = {day: ingested(postgres, tmp_path, since=date(2026, 11, day)).read["messages"].rows for day in (21, 22)}
    assert read == {21: 1, 22: 0}, "The server is not asked for what the loader wrote before the day before."


def test_what_cannot_be_read_is_one_line_without_the_password(postgres: str, tmp_path: Path) -> None:
    for location, schema, words in (
        (postgres.replace("s3cret", "wrong"), "Twilio", "password authentication failed"),
        (postgres, "public", "there is no table 'message'"),
        (postgres.replace("/postgres", "/nothing"), "Twilio", 'database "nothing" does not exist'),
    ):
        with pytest.raises(SourceError, match=words) as raised:
            ingested(location, tmp_path, schema)
        assert "s3cret" not in str(raised.value) and "wrong" not in str(raised.value) and "\n" not in str(raised.value)
    assert not (tmp_path / "landing").exists()
