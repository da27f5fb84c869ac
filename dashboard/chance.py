"""Which of many things compared at once stand out by more than chance."""

from __future__ import annotations

from collections.abc import Sequence

# The accepted share of false discoveries: Benjamini and Hochberg (1995), "Controlling the false discovery rate",
# Journal of the Royal Statistical Society B 57.
FALSE_DISCOVERIES = 0.05

# A smaller whole is never judged.
LEAST = 30


def standing_out(parts: Sequence[tuple[int, int, int, int]]) -> list[bool]:
    """Which shares exceed the share of the rest by more than chance.

    Args:
        parts: for each, its part and whole, then the part and whole of the rest it is compared with.

    Returns:
        For each, whether it stands out by Fisher's exact test, with the false-discovery rate over all of them held at 5 %. One with a
        whole below 30, or without a rest, never does.
    """
    # Imported here because it is slow and the cards do not need it.
    from scipy.stats import fisher_exact

    def chance(part: int, whole: int, rest_part: int, rest: int) -> float | None:
        if whole < LEAST or not rest:
            return None
        table = [[part, whole - part], [rest_part, rest - rest_part]]
        return float(fisher_exact(table, alternative="greater").pvalue)

    return _beyond_chance([chance(*part) for part in parts])


def outnumbering(pairs: Sequence[tuple[int, int]]) -> list[bool]:
    """Which pairs have a first number that exceeds the second by more than chance (binomial test).

    Args:
        pairs: the numbers.

    Returns:
        For each pair, whether it does, with the false-discovery rate over all of them held at 5 %.
    """
    from scipy.stats import binomtest

    return _beyond_chance([binomtest(more, more + less, alternative="greater").pvalue if more + less else None for more, less in pairs])


def _beyond_chance(chances: Sequence[float | None]) -> list[bool]:
    """Which probabilities are significant, given how many there are; None stands for one that was not judged."""
    from scipy.stats import false_discovery_control

    judged = [chance for chance in chances if chance is not None]
    found = iter(false_discovery_control(judged) <= FALSE_DISCOVERIES) if judged else iter(())
    return [chance is not None and bool(next(found)) for chance in chances]
