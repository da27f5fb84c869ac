"""What chance explains, and what it does not: of many things that are looked at together, those that stand out."""

from __future__ import annotations

from collections.abc import Sequence

# Of what is said to stand out, the share that may do so by chance: Benjamini and Hochberg (1995), "Controlling the false discovery rate",
# Journal of the Royal Statistical Society B 57.
FALSE_DISCOVERIES = 0.05

# Fewer than this say nothing.
LEAST = 30


def standing_out(parts: Sequence[tuple[int, int, int, int]]) -> list[bool]:
    """Which shares are higher than those of the rest, beyond what chance explains.

    Args:
        parts: of each, the part and the whole, and the part and the whole of the rest that it is held against.

    Returns:
        For each, whether it stands out by Fisher's exact test, with false discoveries over all of them held at 5 %. One with a whole of
        less than 30, or with no rest, never does.
    """
    # Imported here: it takes a while, and the cards do not need it.
    from scipy.stats import fisher_exact

    def chance(part: int, whole: int, rest_part: int, rest: int) -> float | None:
        if whole < LEAST or not rest:
            return None
        table = [[part, whole - part], [rest_part, rest - rest_part]]
        return float(fisher_exact(table, alternative="greater").pvalue)

    return _beyond_chance([chance(*part) for part in parts])


def outnumbering(pairs: Sequence[tuple[int, int]]) -> list[bool]:
    """Of which the first number is larger than the second, beyond what a coin explains, by the binomial test.

    Args:
        pairs: the numbers.

    Returns:
        For each, whether it is, with false discoveries over all of them held at 5 %.
    """
    from scipy.stats import binomtest

    return _beyond_chance([binomtest(more, more + less, alternative="greater").pvalue if more + less else None for more, less in pairs])


def _beyond_chance(chances: Sequence[float | None]) -> list[bool]:
    """Which of some probabilities are small, for as many as they are; None is of what was not judged."""
    from scipy.stats import false_discovery_control

    judged = [chance for chance in chances if chance is not None]
    found = iter(false_discovery_control(judged) <= FALSE_DISCOVERIES) if judged else iter(())
    return [chance is not None and bool(next(found)) for chance in chances]
