"""The rules, grouped by asset. A landing rule stops a bad delivery before it is built in; a mart rule stops it before it is published.

Here are volumes, ranges, freshness, and what has to agree between layers. What holds of a single model's columns is tested by dbt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outreach.kpis.entries import column_of, of_view
from outreach.landing.streams import EVENT_STREAMS, LANDING_RULES
from outreach.settings import STALE_HOURS

# Files are new data too: where most of what is new cannot be read, something is wrong with how it was brought.
MOST_UNREADABLE = 0.5


@dataclass(frozen=True)
class Expectation:
    """Rows that must not be there. Data alone, because importing Great Expectations takes more than a second.

    Great Expectations' own expectations on columns would do for most, and take twice as long: each asks for some ten metrics.

    Args:
        query: finds the rows in `{batch}`, the table.
        description: what has to hold.
        is_warning: whether a finding only warns.
    """

    query: str
    description: str
    is_warning: bool = False


@dataclass(frozen=True)
class Rule:
    """One thing that has to hold of a table.

    Args:
        name: of the check, as the UI lists it.
        description: what has to hold, in one sentence.
        expectations: what makes it up.
        blocking: whether an error stops everything that follows.
    """

    name: str
    description: str
    expectations: Sequence[Expectation]
    blocking: bool = True


@dataclass(frozen=True)
class Limits:
    """How bad a delivery may be.

    Args:
        warn_share: share of the new lines or rows above which is a warning.
        block_share: share above which nothing is built.
        block_from: bad lines or rows from which on a delivery can be stopped; a handful in a small one is no reason to hold up everybody.
        least_left: share of a stream's rows, as they were when the warehouse was built, that have to be there still.
        oldest_days: days before its ingest day from which on an event is older than anything that can be meant.
        least_volume, most_volume: of the newest closed day, against the same weekday of the four weeks before it.
        stale_hours: hours without a new file of events.
    """

    warn_share: float = 0.01
    block_share: float = 0.20
    block_from: int = 20
    least_left: float = 0.5
    oldest_days: int = 730
    least_volume: float = 0.4
    most_volume: float = 2.5
    stale_hours: float = STALE_HOURS


def landing_suites(limits: Limits) -> dict[str, list[Rule]]:
    """The rules on what is new in the landing zone, by stream: on the one row of the stream's profile."""
    return {
        stream: [*_common_rules(stream, limits), *(_event_rules(limits) if stream in EVENT_STREAMS else [])] for stream in LANDING_RULES
    }


def _common_rules(stream: str, limits: Limits) -> list[Rule]:
    return [
        Rule(
            "nothing_is_lost",
            f"Of the rows that the warehouse was built from, at least {limits.least_left:.0%} are still there, a full refresh included: a "
            "share that is not mounted is no reason to publish zeros.",
            [
                _never(
                    f"share_left < {limits.least_left}", "share_left",
                    f"Share of the known rows that are still there, at least {limits.least_left:.0%}",
                )
            ],
        ),
        Rule(
            "required_columns_are_there",
            "Every new file has the columns without which none of its rows counts.",
            [_never("missing_columns is not null", "missing_columns", "New files lack no required column")],
        ),
        Rule(
            "new_files_can_be_read",
            "At most half of the new files cannot be read; any is a warning.",
            [
                _never("unreadable_files is not null", "unreadable_files", "Every new file can be read", is_warning=True),
                _never(
                    f"unreadable_share > {MOST_UNREADABLE}", "unreadable_share",
                    f"Share of new files that cannot be read, at most {MOST_UNREADABLE:.0%}",
                ),
            ],
        ),
        Rule(
            "broken_lines_are_few",
            f"Of the new lines, at most {limits.block_share:.0%} are not JSON; more than {limits.warn_share:.0%} is a warning.",
            _limited("broken_share", "broken_lines", "Share of lines that are not JSON", limits),
        ),
        Rule(
            "rejects_are_few",
            f"Of the new rows, at most {limits.block_share:.0%} break a rule of the landing zone; more than {limits.warn_share:.0%} "
            "is a warning.",
            _limited("rejected_share", "rejected_rows", "Share of rows that will be rejected", limits),
        ),
        *(
            [
                Rule(
                    "values_are_of_their_vocabulary",
                    f"{', '.join(column for column in vocabularies)}: of the column's fixed vocabulary. Any other value counts as missing, "
                    "and is a warning.",
                    [
                        _never(
                            "unexpected_values is not null", "unexpected_values", "Values are of their columns' vocabularies",
                            is_warning=True,
                        )
                    ],
                    blocking=False,
                )
            ]
            if (vocabularies := LANDING_RULES[stream].get("vocabularies"))
            else []
        ),
    ]  # fmt: skip


def _event_rules(limits: Limits) -> list[Rule]:
    return [
        Rule(
            "events_are_not_in_the_future",
            f"At most {limits.block_share:.0%} of the new events happened later than a day after the day on which they landed; any is a "
            "warning.",
            _limited("future_share", "future_rows", "Share of events after their ingest day", limits, warn_share=0),
        ),
        Rule(
            "events_are_not_too_old",
            f"At most {limits.block_share:.0%} of the new events are from more than {limits.oldest_days} days before they landed, the "
            "first delivery of a stream aside; any is a warning.",
            _limited(
                "old_share", "old_rows_of_known_stream", f"Share of events older than {limits.oldest_days} days", limits, warn_share=0
            ),
        ),
        Rule(
            "volume_is_as_usual",
            f"The newest closed day has {limits.least_volume} to {limits.most_volume} times the rows of the same weekday in the four weeks "
            "before; otherwise a warning.",
            [
                _never(
                    f"volume_against_usual not between {limits.least_volume} and {limits.most_volume}", "volume_against_usual",
                    f"Rows of the newest closed day against usual, between {limits.least_volume} and {limits.most_volume}", is_warning=True,
                )
            ],
            blocking=False,
        ),
        Rule(
            "landing_is_fresh",
            f"A file has landed within the last {limits.stale_hours:g} hours; otherwise a warning.",
            [
                _never(
                    f"hours_since_last_file > {limits.stale_hours}", "hours_since_last_file",
                    f"Hours since the last file, at most {limits.stale_hours:g}", is_warning=True,
                )
            ],
            blocking=False,
        ),
    ]  # fmt: skip


def _limited(share: str, count: str, words: str, limits: Limits, warn_share: float | None = None) -> list[Expectation]:
    """A share that warns above one limit and is an error above another, from some number of rows on."""
    warn_share = limits.warn_share if warn_share is None else warn_share
    return [
        _never(f"{share} > {warn_share}", share, f"{words}, at most {warn_share:.0%}", is_warning=True),
        _never(
            f"{share} > {limits.block_share} and {count} >= {limits.block_from}", share,
            f"{words}, at most {limits.block_share:.0%} from {limits.block_from} on",
        ),
    ]  # fmt: skip


def _never(condition: str, shown: str, description: str, *, is_warning: bool = False) -> Expectation:
    """An expectation that no row of the table is like this. A null is like nothing.

    Args:
        condition: in SQL, of the rows that must not be there.
        shown: the columns that a finding names.
        description: what has to hold.
        is_warning: whether a finding only warns.
    """
    return Expectation(f"select {shown} from {{batch}} where {condition}", description, is_warning)


def _parts_of_a_whole(grain: str, rates: Sequence[str]) -> Rule:
    return Rule(
        "parts_of_a_whole_are_between_0_and_1",
        f"{', '.join(rates)}: from 0 to 1, or null.",
        [_never(f"{rate} not between 0 and 1", f"{grain}, {rate}", f"{rate} is from 0 to 1") for rate in rates],
    )


def _not_negative(grain: str, *columns: str) -> Rule:
    return Rule(
        "nothing_is_negative",
        f"{', '.join(columns)}: null or at least 0.",
        [_never(f"{column} < 0", f"{grain}, {column}", f"{column} is not negative") for column in columns],
    )


def _no_more_than(grain: str, wholes: dict[str, str]) -> Rule:
    """Columns, each with the one that it is a part of."""
    return Rule(
        "parts_are_no_more_than_their_whole",
        f"{'; '.join(f'{part} ≤ {whole}' for part, whole in wholes.items())}.",
        [_never(f"{part} > {whole}", f"{grain}, {part}, {whole}", f"{part} ≤ {whole}") for part, whole in wholes.items()],
    )


def _agrees(grain: str, names: Sequence[str], counted_anew: str) -> Rule:
    """A table by day against its facts, counted anew and without the shortcuts that the table takes.

    Args:
        grain: the columns of the key.
        names: the columns to compare.
        counted_anew: a query of both, with any number of rows per key: they are added up. What it leaves out is 0.
    """
    sums = ", ".join(f"coalesce(sum({name}), 0) as {name}" for name in names)
    return Rule(
        "agrees_with_its_facts",
        f"{', '.join(names)}: the same as counted anew from the facts, for every key.",
        [
            Expectation(
                query=f"""
                    select {grain}, {sums}
                    from (
                        select {grain}, {", ".join(names)} from {{batch}}
                        union all
                        select {grain}, {", ".join(f"-{name}" for name in names)} from ({counted_anew}) as anew
                    ) as differences
                    group by {grain}
                    having {" or ".join(f"coalesce(sum({name}), 0) != 0" for name in names)}
                """,
                description="No key differs from its facts",
            )
        ],
    )


# Keys, required columns, vocabularies and parents are dbt's to test, with the model: nothing of it is asked twice.
MESSAGING_GRAIN = "account_id, campaign_id, template_id, date_day"


def _kpi_rules(mart: str, grain: str, rows: str) -> list[Rule]:
    """The rules on a table of KPIs by day, from the entries of its KPIs.

    Args:
        mart: its name, which begins with its view.
        grain: the columns of its key.
        rows: what its KPIs are aggregated from, as a relation.
    """
    found = [kpi for kpi in of_view(mart.split("_")[0]) if kpi.mart == mart]
    part_of = {kpi.name: kpi.part_of for kpi in found if kpi.part_of}
    parts = [kpi for kpi in found if kpi.numerator and part_of.get(kpi.numerator) == kpi.denominator]
    sums = [kpi for kpi in found if kpi.aggregate and kpi.aggregate.kind not in ("avg", "median")]
    counted_anew = ", ".join(f"{kpi.aggregate.counted_anew()} as {kpi.column}" for kpi in sums if kpi.aggregate)
    return [
        _parts_of_a_whole(grain, [kpi.column for kpi in parts]),
        _not_negative(grain, *(kpi.column for kpi in found if kpi not in parts and kpi.unit != "count")),
        _no_more_than(grain, {column_of(part): column_of(whole) for part, whole in part_of.items()}),
        _agrees(grain, [kpi.column for kpi in sums], f"select {grain}, {counted_anew} from {rows} group by all"),
    ]


MART_SUITES: dict[str, list[Rule]] = {
    "landing_accounting": [
        Rule(
            "rows_are_accounted_for",
            "In every event stream, landed = accepted + duplicate + rejected + forgotten rows.",
            [
                Expectation(
                    query="""
                        select * from {batch}
                        where landed_rows is distinct from accepted_rows + duplicate_rows + rejected_rows + forgotten_rows
                    """,
                    description="landed = accepted + duplicates + rejected + forgotten",
                )
            ],
        ),
    ],
    "fct_response_times": [_not_negative("account_id, answer_message_id", "response_seconds")],
    "fct_calls": [_not_negative("account_id, call_id", "talk_seconds")],
    "messaging_kpis_daily": _kpi_rules("messaging_kpis_daily", MESSAGING_GRAIN, "marts.messaging_activity"),
    "calling_kpis_daily": _kpi_rules(
        "calling_kpis_daily", "account_id, campaign_id, date_day", "marts.fct_calls where direction = 'outbound'"
    ),
    "response_times_daily": [
        _not_negative("account_id, date_day", "median_response_seconds"),
        _agrees(
            "account_id, date_day",
            ["responses", "median_response_seconds"],
            """
                select account_id, date_day, count(*) as responses, quantile_cont(response_seconds, 0.5) as median_response_seconds
                from marts.fct_response_times group by all
            """,
        ),
    ],
    "labels_daily": [
        _not_negative(f"{MESSAGING_GRAIN}, label_id", "contacts"),
        _agrees(
            f"{MESSAGING_GRAIN}, label_id",
            ["contacts"],
            f"select {MESSAGING_GRAIN}, label_id, count(distinct contact_id) as contacts from marts.fct_label_additions group by all",
        ),
    ],
    "call_outcomes_daily": [
        _not_negative("account_id, campaign_id, outcome, date_day", "calls"),
        _agrees(
            "account_id, campaign_id, outcome, date_day",
            ["calls"],
            """
                select account_id, campaign_id, outcome, date_day, count(distinct (contact_id, call_id)) as calls
                from marts.fct_call_outcomes where direction = 'outbound' group by all
            """,
        ),
    ],
}
