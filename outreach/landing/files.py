"""The files of a landing zone: which there are, and whether each can be read.

The warehouse trusts nothing here. A set-up that cannot work (no folder, no such format) is a `LandingError`;
a file that cannot be read is a finding of its own, with the reason in words, and never stops a build.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BufferedReader
from pathlib import Path
from typing import Any

import duckdb

from outreach.sql import literal_path, one_row, sql_name

ENDINGS = {"jsonl": (".jsonl", ".jsonl.gz"), "parquet": (".parquet",)}
ANY_ENDING = sum(ENDINGS.values(), ())

# Folders are read from paths alone; text that its writer has not marked as such is text all the same.
PARQUET_OPTIONS = "hive_partitioning = false, binary_as_string = true"

# DuckDB's own limit for one JSON value. A longer line is read with as much as it needs.
SHORTEST_LIMIT = 16 * 1024 * 1024

# How many files, and how many bytes of them, are read by one query. Most of what a small one takes is the query itself.
BATCH = 1000
BATCH_BYTES = 16 * 1024 * 1024


class LandingError(Exception):
    """The landing zone is not set up as the variables say. The message is one sentence that names the variable or file."""


@dataclass(frozen=True)
class LandingFile:
    """One file below the landing zone, as found on disk and unopened.

    Args:
        path: relative to the landing zone, with `/`.
        stream: name of the folder that it is in.
        ingest_date: the UTC day that its folder names; None when it names none.
        bytes: size on disk.
        modified_at: time of last change, UTC, without an offset.
        problem: why it cannot belong to the landing zone; None when it can.
    """

    path: str
    stream: str
    ingest_date: date | None
    bytes: int
    modified_at: datetime
    problem: str | None


@dataclass(frozen=True)
class Inspection:
    """What one file holds, read from start to end by the reader that the build uses.

    Args:
        digest: SHA-256 of the file as it is.
        rows: rows that can be read; a line that is JSON is a row.
        broken_lines: lines that are not JSON.
        repaired_lines: rows whose line is JSON only with its half characters replaced (see `repaired_lines`).
        longest_line: bytes of the longest line; 0 for Parquet.
        columns: names of the columns in it, each once.
        signature: names and types of a Parquet file's columns; files of one signature can be read together.
        problem: why it cannot be read; the rest is then empty.
    """

    digest: str | None = None
    rows: int = 0
    broken_lines: int = 0
    repaired_lines: int = 0
    longest_line: int = 0
    columns: list[str] | None = None
    signature: str | None = None
    problem: str | None = None


def check_landing(landing: str, file_format: str) -> None:
    """Ends with a clear sentence when the variables name something that cannot be a landing zone.

    Args:
        landing: the value of OUTREACH_LANDING.
        file_format: the value of OUTREACH_LANDING_FORMAT.

    Raises:
        LandingError: no such format or folder, not a folder, or a folder or file that may not be read.
    """
    if file_format not in ENDINGS:
        raise LandingError(f"OUTREACH_LANDING_FORMAT is '{file_format}': expected jsonl or parquet.")
    if not os.path.exists(landing):
        raise LandingError(f"OUTREACH_LANDING is '{landing}': there is no such folder.")
    if not os.path.isdir(landing):
        raise LandingError(f"OUTREACH_LANDING is '{landing}': expected a folder, found a file.")
    for _, entry in _walk(landing):
        if entry.is_file() and not os.access(entry.path, os.R_OK):
            raise LandingError(f"{entry.path}: this landing file may not be read by the user that runs the build.")


def list_files(landing: str, file_format: str) -> list[LandingFile]:
    """Every file below the landing zone, in the order of their paths. Names that begin with `.` or `_` are not landed yet.

    Args:
        landing: the landing zone's folder.
        file_format: `jsonl` or `parquet`.
    """
    described = (_describe(path, entry, landing, file_format) for path, entry in _walk(landing))
    return sorted((file for file in described if file is not None), key=lambda file: file.path)


def _walk(folder: str, below: str = "") -> Iterator[tuple[str, os.DirEntry[str]]]:
    """The files of a folder, each with its path relative to the landing zone. What only looks like a file, or is a link, is one here."""
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if not entry.name.startswith((".", "_"))]
    except OSError as error:
        raise LandingError(f"{error.filename}: this landing folder may not be read by the user that runs the build.") from None
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and not entry.name.endswith(ANY_ENDING):
            yield from _walk(entry.path, f"{below}{entry.name}/")
        else:
            yield below + entry.name, entry


def _describe(path: str, entry: os.DirEntry[str], root: str, file_format: str) -> LandingFile | None:
    """The file; None if it has been deleted since it was found."""
    try:
        # A link that leads nowhere is described itself.
        status = entry.stat(follow_symlinks=not entry.is_symlink() or os.path.exists(entry.path))
    except FileNotFoundError:
        return None
    *folders, name = path.split("/")
    day, problem = _ingest_date(folders)
    # Linked folders are not walked into, so that only a link leads elsewhere.
    if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(Path(root).resolve()):
        problem = "links to a place outside the landing zone"
    elif not stat.S_ISREG(status.st_mode):
        problem = "is not a regular file"
    elif _printable(path) != path:
        problem = "has a name that is not UTF-8"
    elif problem is None and not name.endswith(ENDINGS[file_format]):
        problem = f"does not end in {' or '.join(ENDINGS[file_format])}, the format of this landing zone"
    return LandingFile(
        path=_printable(path),
        stream=_printable(path.partition("/")[0]),
        ingest_date=day,
        bytes=status.st_size,
        modified_at=datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None),
        problem=problem,
    )


def _ingest_date(folders: list[str]) -> tuple[date | None, str | None]:
    match = re.fullmatch(r"ingest_date=(\d{4}-\d{2}-\d{2})", folders[1]) if len(folders) == 2 else None
    try:
        return date.fromisoformat(match[1] if match else ""), None
    except ValueError:
        return None, "is not in a folder <stream>/ingest_date=YYYY-MM-DD/"


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def inspect_files(landing: str, paths: list[str], file_format: str) -> list[Inspection]:
    """Reads files once from start to end, several at a time, and counts what is in them.

    Args:
        landing: the landing zone's folder.
        paths: the files, relative to it.
        file_format: `jsonl` or `parquet`.

    Returns:
        What each holds, in the order of the paths.
    """
    inspect = _inspect_parquet if file_format == "parquet" else _inspect_jsonl

    def inspect_all(batch: list[str], db: duckdb.DuckDBPyConnection) -> list[Inspection]:
        return inspect([os.path.join(landing, path) for path in batch], db)

    with duckdb.connect() as db:
        # A batch is read by one thread: several batches are read at once instead.
        db.execute("set threads = 1")
        readings = read_each(landing, paths, inspect_all, db, at_once=1 if file_format == "parquet" else BATCH)
        return [reading if isinstance(reading, Inspection) else Inspection(problem=f"cannot be read: {reading}") for reading in readings]


def digest_of(file: str | Path) -> str:
    """The SHA-256 of a file as it is, in hexadecimal digits.

    Args:
        file: the file.

    Raises:
        OSError: it cannot be read.
    """
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def read_each(
    landing: str, paths: list[str], read: Callable[[list[str], duckdb.DuckDBPyConnection], list[Any]], db: duckdb.DuckDBPyConnection, *,
    at_once: int,
) -> list[Any]:  # fmt: skip
    """Reads files in batches, several at a time, each with a cursor of its own. A file that cannot be read holds up no other.

    Args:
        landing: the landing zone's folder.
        paths: the files, relative to it.
        read: called with the paths of a batch and a cursor; gives one result for each.
        db: whose cursors they are.
        at_once: files in a batch, at most.

    Returns:
        What `read` gives, in the order of the paths; the reason in words, a text, where it failed.
    """

    def read_batch(batch: list[str]) -> list[Any]:
        try:
            with db.cursor() as cursor:
                return read(batch, cursor)
        except (OSError, EOFError, zlib.error, duckdb.Error) as error:
            if len(batch) > 1:
                # One of them is at fault: it is in one of the halves.
                middle = len(batch) // 2
                return read_batch(batch[:middle]) + read_batch(batch[middle:])
            # The first line says what is wrong; further ones may quote the file.
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            return [reason.replace(os.path.join(landing, batch[0]), batch[0])]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [result for results in pool.map(read_batch, _batches(landing, paths, at_once)) for result in results]


def _batches(landing: str, paths: list[str], at_once: int) -> list[list[str]]:
    """Small files together: a query for each would take longer than what is in them."""
    batches: list[list[str]] = []
    room = 0
    for path in paths:
        try:
            size = os.path.getsize(os.path.join(landing, path))
        except OSError:
            size = BATCH_BYTES
        if not batches or len(batches[-1]) >= at_once or size > room:
            batches.append([])
            room = BATCH_BYTES
        batches[-1].append(path)
        room -= size
    return batches


@contextmanager
def open_lines(file: str) -> Iterator[gzip.GzipFile | BufferedReader]:
    """Opens a JSON Lines file (see `lines_of`).

    Args:
        file: the file, zipped or not.

    Raises:
        OSError: it cannot be opened, or is in an encoding that nobody here reads.
    """
    with open(file, "rb") as content:
        yield lines_of(content)


def lines_of(content: BufferedReader) -> gzip.GzipFile | BufferedReader:
    """The lines of an open JSON Lines file, unzipped. Refuses an encoding that nobody here reads.

    DuckDB takes a gzip stream that breaks off for its end; what is opened here ends with an error.

    Args:
        content: the file, zipped if its name says so.

    Raises:
        OSError: it is in UTF-16, as shells of Windows write it.
    """
    lines = gzip.GzipFile(fileobj=content) if content.name.endswith(".gz") else content
    if lines.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise OSError("it is text in UTF-16, and UTF-8 was expected")
    return lines


def repaired_lines(file: str) -> list[str]:
    """The lines of a file that hold half a character, each half as U+FFFD: half of a surrogate pair, or part of a sequence of UTF-8.

    Whoever cuts a text by a number of units leaves one at its end. The line is no JSON then, and all that it says would be lost.

    Args:
        file: a JSON Lines file, zipped or not.

    Returns:
        The lines, which may be broken in other ways.
    """
    found = []
    with open_lines(file) as lines:
        for line in lines:
            text = line.decode("utf-8", "replace")
            repaired = _SURROGATES.sub(lambda match: match[1] or match[2] or r"\ufffd", text)
            if repaired.encode() != line:
                found.append(repaired.strip())
    return found


def repaired_rows(file: str, db: duckdb.DuckDBPyConnection) -> list[str]:
    """The repaired lines of a file that are JSON now.

    Args:
        file: a JSON Lines file, zipped or not.
        db: says what is JSON.
    """
    rows = db.execute("select line from (select unnest($1) as line) where json_valid(line)", [repaired_lines(file)]).fetchall()
    return [line for (line,) in rows]


# An escaped backslash, which escapes nothing that follows; a whole pair of surrogates; half of one.
_SURROGATES = re.compile(r"(\\\\)|(\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|\\u[dD][89a-fA-F]..")


def _inspect_jsonl(files: list[str], db: duckdb.DuckDBPyConnection) -> list[Inspection]:
    digests, longest_lines = {}, {}
    for file in files:
        # Opened once: of a small file, that is most of the work.
        with open(file, "rb") as content:
            digests[file] = hashlib.file_digest(content, "sha256").hexdigest()
            content.seek(0)
            longest_lines[file] = max(map(len, lines_of(content)), default=0)
    objects = """read_json_objects(
        $files, format = 'newline_delimited', ignore_errors = true, maximum_object_size = $limit, filename = true
    )"""
    arguments = {"files": [literal_path(file) for file in files], "limit": max(SHORTEST_LIMIT, 2 * max(longest_lines.values()))}
    found = db.execute(
        f"select filename, count(json), count(*), list_sort(list_distinct(flatten(list(json_keys(json))))) from {objects} group by 1",
        arguments,
    )
    counts = by_file(files, found.fetchall())
    return [_inspected(file, digests[file], counts.get(file, (0, 0, [])), longest_lines[file], db) for file in files]


def by_file(files: list[str], rows: list[tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """Rows that begin with DuckDB's name of their file, by our name of it.

    Args:
        files: the files that were read.
        rows: at most one of each.

    Raises:
        OSError: DuckDB calls a file by another name, so that several cannot be told apart.
    """
    if len(files) == 1:
        return dict.fromkeys(files, rows[0][1:]) if rows else {}
    found = {row[0]: row[1:] for row in rows}
    if unknown := found.keys() - files:
        raise OSError(f"{unknown.pop()} is none of the files")
    return found


def _inspected(file: str, digest: str, counts: tuple[Any, ...], longest_line: int, db: duckdb.DuckDBPyConnection) -> Inspection:
    rows, lines_read, columns = counts
    repaired = repaired_rows(file, db) if lines_read > rows else []
    keys = {key for line in repaired for key in json.loads(line)}
    return Inspection(
        digest=digest, rows=rows + len(repaired), broken_lines=lines_read - rows - len(repaired), repaired_lines=len(repaired),
        longest_line=longest_line, columns=sorted({*(columns or []), *keys}),
    )  # fmt: skip


def _inspect_parquet(files: list[str], db: duckdb.DuckDBPyConnection) -> list[Inspection]:
    (file,) = files
    rows = f"read_parquet($files, {PARQUET_OPTIONS})"
    arguments = {"files": [literal_path(file)]}
    columns = db.execute(f"describe select * from {rows}", arguments).fetchall()
    # A hash of every value decodes every page, so that a corrupt one is found here and not in the build.
    names = ", ".join(sql_name(name) for name, *_ in columns)
    (count, _) = one_row(db.execute(f"select count(*), bit_xor(hash({names})) from {rows}", arguments))
    signature = ", ".join(f"{name} {kind}" for name, kind, *_ in columns)
    return [Inspection(digest=digest_of(file), rows=count, columns=[name for name, *_ in columns], signature=signature)]
