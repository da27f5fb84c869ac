"""Dagster's event log."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event


class EventLog(SqliteEventLogStorage):
    """Dagster's event log in SQLite, an index and a file per run, with one connection to each kept open.

    A run has some 1,300 events, and most of them change both files. Dagster opens a connection for each change, and closing the last
    connection makes SQLite write its journal back to the file and wait for the disk. That took as long as dbt.
    """

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> EventLog:
        """The event log that an instance's settings configure."""
        return cls(config_value["base_dir"], inst_data)

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, Engine] = {}
        self._tables: dict[str, bool] = {}
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection
        # The UI follows a run by watching its file, which does not change before SQLite writes its journal back.
        os.utime(self.path_for_shard(shard))

    def _engine(self, shard: str) -> Engine:
        """The engine of a file, with its connection and the statements that it has compiled; of runs that of the latest is kept."""
        if shard not in self._engines or shard not in self._initialized_dbs:
            # `_db_lock` serializes the threads.
            options = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
            engine = create_engine(self.conn_string_for_shard(shard), connect_args=options, poolclass=QueuePool, pool_size=1)
            # With a write-ahead log, a power failure damages nothing; at most the last events are missing.
            event.listen(engine, "connect", lambda connection, _: connection.execute("pragma synchronous = normal"))
            self._initdb(engine)
            self._initialized_dbs.add(shard)
            for name in self._engines.keys() - {INDEX_SHARD_NAME}:
                self._engines.pop(name).dispose()
            self._engines[shard] = engine
        return self._engines[shard]

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table. Dagster asks for each result of a check, and opens the file to answer."""
        if table_name not in self._tables:
            self._tables[table_name] = super().has_table(table_name)
        return self._tables[table_name]

    def dispose(self) -> None:
        """Closes the open connections."""
        super().dispose()
        for engine in self._engines.values():
            engine.dispose()
