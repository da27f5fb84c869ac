"""Slow imports."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def much_to_import() -> Iterator[None]:
    """Pauses the garbage collector while the block imports. It would take a fifth of the time and find nothing."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
