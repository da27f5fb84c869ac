"""Dagster's event log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event


class EventLog(SqliteEventLogStorage):
    """Dagster's event log in SQLite, an index and a file per run, with one connection to the index kept open.

    A run has some 1,300 events, and most of them change the index several times. Dagster opens a connection for each change, and closing
    the last connection makes SQLite write its journal back to the file and wait for the disk. That took as long as dbt.
    A run's own file is still closed after each event, because the UI follows a run by watching that file change.
    """

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> EventLog:
        """The event log that an instance's settings configure."""
        return cls(config_value["base_dir"], inst_data)

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> Engine:
        """The engine of a file, which knows the statements that it has compiled; of runs that of the latest is kept."""
        if shard not in self._engines or shard not in self._initialized_dbs:
            pool = {"poolclass": QueuePool, "pool_size": 1} if shard == INDEX_SHARD_NAME else {"poolclass": NullPool}
            # `_db_lock` serializes the threads.
            options = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
            engine = create_engine(self.conn_string_for_shard(shard), connect_args=options, **pool)
            # With a write-ahead log, a power failure damages nothing; at most the last events are missing.
            event.listen(engine, "connect", lambda connection, _: connection.execute("pragma synchronous = normal"))
            self._initdb(engine)
            self._initialized_dbs.add(shard)
            self._engines = {name: kept for name, kept in self._engines.items() if name == INDEX_SHARD_NAME} | {shard: engine}
        return self._engines[shard]

    def dispose(self) -> None:
        """Closes the open connections."""
        super().dispose()
        for engine in self._engines.values():
            engine.dispose()
