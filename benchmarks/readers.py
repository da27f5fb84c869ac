"""Many simultaneous readers of the published file while a build runs."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from benchmarks.reports import Question

# People look at a page before they open the next one, some longer than others.
PAUSE_SECONDS = (0.5, 1.5)


def read(published: Path, asked: Sequence[Question], seconds: float) -> list[float]:
    """One reader: asks for every report of a page, looks at them, and reopens the file for the next page.

    Args:
        published: the file.
        asked: the reports.
        seconds: how long to go on.

    Returns:
        The seconds of each answer.
    """
    found = []
    end = time.perf_counter() + seconds
    time.sleep(random.uniform(0, min(PAUSE_SECONDS[1], seconds / 2)))
    while time.perf_counter() < end:
        with duckdb.connect(str(published), read_only=True) as db:
            for question in asked:
                started = time.perf_counter()
                db.execute(question.sql, question.arguments).fetchall()
                found.append(time.perf_counter() - started)
        time.sleep(random.uniform(*PAUSE_SECONDS))
    return found


def read_at_once(
    published: Path, asked: Sequence[Question], readers: int, seconds: float, meanwhile: Callable[[], object] | None = None
) -> list[float]:
    """Several readers at once, each in its own process.

    Args:
        published: the file.
        asked: the reports.
        readers: how many.
        seconds: how long to go on.
        meanwhile: called while they read.

    Returns:
        The seconds of each answer, over all readers.
    """
    with multiprocessing.get_context("spawn").Pool(readers) as pool:
        # All start before anything is measured.
        pool.starmap(read, [(published, asked[:1], 0.1)] * readers)
        answers = pool.starmap_async(read, [(published, asked, seconds)] * readers)
        if meanwhile:
            meanwhile()
        return [answer for found in answers.get() for answer in found]
