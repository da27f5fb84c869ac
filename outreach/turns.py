"""One at a time: who works on a file, and who waits for it.

An advisory lock of the operating system, so that a process that dies gives it back whatever it was doing.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path


class Taken(Exception):
    """Another process has its turn. The message names it: what it does, its number, and since when."""


# The files whose turn this process has: steps of a run that holds one are within it.
_OWN: set[Path] = set()


@contextmanager
def turn(file: Path, what: str, *, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Has this process alone work on a file, or a folder, as long as every other one that does asks for its turn too.

    Args:
        file: what is worked on. The lock lies beside it, hidden; its folder is made where it is not there yet.
        what: this process does, as others are told.
        waiting: called once with a sentence that names the other process, before this one waits for it. Without it nobody waits.

    Raises:
        Taken: another process has its turn, and `waiting` is not given.
    """
    lock = file.with_name(f".{file.name}.lock")
    if lock in _OWN:
        yield
        return
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "r+") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = opened.read().strip() or "another process"
            if waiting is None:
                raise Taken(other) from None
            waiting(other)
            fcntl.flock(opened, fcntl.LOCK_EX)
        opened.seek(0)
        opened.truncate()
        opened.write(f"{what}, process {os.getpid()}, since {datetime.now():%H:%M:%S}")
        opened.flush()
        _OWN.add(lock)
        try:
            yield
        finally:
            _OWN.discard(lock)


def is_held(file: Path) -> bool:
    """Whether another process has locked a file itself, as DuckDB does with one that it has opened.

    Args:
        file: the file, which this process does not have open: closing it here would give back this process's own lock.
    """
    try:
        with open(file, "r+b") as opened:
            fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        # Not there, or not to be written: whatever that is, it is no lock.
        return False
    return False
