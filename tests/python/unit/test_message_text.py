"""The macros for message texts: every border of the segment rule, and random texts against the oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from random import Random

import duckdb
import pytest
from hypothesis import given as example_of
from hypothesis import settings
from hypothesis import strategies as st
from oracle import GSM_BASIC, GSM_EXTENSION, Oracle, normal_text, segments_of

from outreach.macros import call

# (body, segments): septets of GSM-7, UTF-16 units of everything else.
BORDERS = {
    "empty": ("", 1),
    "160 septets": ("x" * 160, 1),
    "161 septets": ("x" * 161, 2),
    "306 septets": ("x" * 306, 2),
    "307 septets": ("x" * 307, 3),
    "70 units": ("ж" * 70, 1),
    "71 units": ("ж" * 71, 2),
    "134 units": ("ж" * 134, 2),
    "135 units": ("ж" * 135, 3),
    "extension character as the 160th septet and over": ("x" * 159 + "€", 2),
    "extension characters of 160 septets": ("€" * 80, 1),
    "extension characters of 162 septets": ("€" * 81, 2),
    "extension character that would be split at 153": ("x" * 152 + "€" + "x" * 151, 2),
    "extension character that a split pushes over": ("x" * 152 + "€" + "x" * 152, 3),
    "emoji of 70 units": ("😀" * 35, 1),
    "emoji of 72 units": ("😀" * 36, 2),
    "emoji that would be split at 67": ("ж" * 66 + "😀" + "ж" * 65, 2),
    "emoji that a split pushes over": ("ж" * 66 + "😀" + "ж" * 66, 3),
    "emoji of 134 units, each segment one short": ("😀" * 67, 3),
    "one character outside GSM-7": ("x" * 70 + "ç", 2),
    "capital C with cedilla is GSM-7": ("Ç" * 160, 1),
    "line breaks are GSM-7, form feed takes two": ("\n\r" * 79 + "\f", 1),
    "escape is not GSM-7": ("\x1b" * 71, 2),
    "tab is not GSM-7": ("\t" * 71, 2),
}


@cache
def on_duckdb(macro: str) -> str:
    return f"select {call(macro, 'body')} from (select $1::varchar as body)"


@pytest.fixture(scope="module")
def evaluate() -> Iterator[Callable[[str, str], object]]:
    """Evaluates a macro on a text."""
    with duckdb.connect() as db:
        yield lambda macro, value: db.execute(on_duckdb(macro), [value]).fetchone()[0]


@pytest.mark.parametrize("border", BORDERS)
def test_segments_at_every_border(evaluate, border):
    body, segments = BORDERS[border]
    assert evaluate("body_segments", body) == segments
    assert segments_of(body) == segments


def test_every_character_of_the_gsm_tables_is_gsm(evaluate):
    assert {c: evaluate("body_segments", c * 153) for c in GSM_BASIC} == dict.fromkeys(GSM_BASIC, 1)
    assert {c: evaluate("body_segments", c * 80) for c in GSM_EXTENSION} == dict.fromkeys(GSM_EXTENSION, 1)
    assert {c: evaluate("body_segments", c * 81) for c in GSM_EXTENSION} == dict.fromkeys(GSM_EXTENSION, 2)


# Runs of few characters, so that pairs meet the borders.
TEXTS = st.lists(
    st.tuples(st.sampled_from("xxж€^😀ç'’ \n\tÄß9²"), st.integers(1, 160)), max_size=8
).map(lambda runs: "".join(c * n for c, n in runs))  # fmt: skip


@settings(max_examples=400, deadline=None)
@example_of(body=TEXTS)
def test_segments_of_random_texts_agree_with_filling_them_one_by_one(evaluate, body):
    assert evaluate("body_segments", body) == segments_of(body)


# Letters, and what people cannot see or type otherwise. İ and Σ aside, whose lower case depends on more than themselves.
TYPED = st.one_of(
    st.characters(max_codepoint=0x52F, exclude_characters="İΣ"),
    st.sampled_from("’‘´`ʼ\u00ad\u200b\u200d\u2060\ufeff\u202e\u00a0\u0302\u0301\u0323👋🏽\ufffd가각\u1100\u1161"),
)


@settings(max_examples=300, deadline=None)
@example_of(body=st.text(TYPED, max_size=40))
def test_normal_texts_agree_with_the_oracle(evaluate, body):
    oracle = Oracle([])
    phrase = Random(body).choice(oracle.phrases)["phrase"]
    text = body[: len(body) // 2] + phrase.upper() + body[len(body) // 2 :]
    normal = evaluate("normal_text", text)
    assert normal == normal_text(text)
