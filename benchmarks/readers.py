"""Many readers of the published file at once, while a build runs."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from benchmarks.reports import Question

# A person who has got a page looks at it before opening the next, one longer than the other.
PAUSE_SECONDS = (0.5, 1.5)


def read(published: Path, asked: Sequence[Question], seconds: float) -> list[float]:
    """One reader, who asks for all reports of a page, looks at them, and opens the file anew for the next page.

    Args:
        published: the file.
        asked: the reports.
        seconds: for how long.

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
    """Several readers at once, each a process of its own.

    Args:
        published: the file.
        asked: the reports.
        readers: how many.
        seconds: for how long.
        meanwhile: what is done in the meantime.

    Returns:
        The seconds of all answers.
    """
    with multiprocessing.get_context("spawn").Pool(readers) as pool:
        # Started before anything is measured.
        pool.starmap(read, [(published, asked[:1], 0.1)] * readers)
        answers = pool.starmap_async(read, [(published, asked, seconds)] * readers)
        if meanwhile:
            meanwhile()
        return [answer for found in answers.get() for answer in found]
