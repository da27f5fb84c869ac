"""How the page writes values, ranges and downloads, with input and answer side by side."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random

import pytest
from streamlit.config import get_option, set_option
from streamlit.runtime.secrets import Secrets

from dashboard.cards import Sparkline, cards, cards_html
from dashboard.chance import outnumbering, standing_out
from dashboard.figures import Change, change, span
from dashboard.flagging import template_blocks
from dashboard.reports import Filters, unique_names
from dashboard.selection import DateRange, before, days_of
from dashboard.sign_in import SignInError, check_address, sign_in_providers, signed_in_email
from dashboard.tables import csv_of, file_name
from outreach.kpis.entries import of_view
from outreach.kpis.units import figure


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "rate", "—"),
        (None, "seconds", "—"),
        (0, "count", "0"),
        (1234567, "count", "1,234,567"),
        (0.0, "rate", "0 %"),
        (0.25, "rate", "25 %"),
        (0.2534, "rate", "25.3 %"),
        (0.0042, "rate", "0.42 %"),
        (0.00001, "rate", "< 0.01 %"),
        (1.5, "rate", "150 %"),
        (0.0, "seconds", "0s"),
        (45.4, "seconds", "45s"),
        (59.6, "seconds", "1m 0s"),
        (125.0, "seconds", "2m 5s"),
        (3599.6, "seconds", "1h 0m"),
        (3900.0, "seconds", "1h 5m"),
        (3945.0, "seconds", "1h 6m"),
        (86399.0, "seconds", "1d 0h"),
        (90000.0, "seconds", "1d 1h"),
        (None, "money", "—"),
        (1234.5, "money", "1,234.50"),
        (0.0, "money", "0.00"),
        (0.0079, "money", "0.0079"),
        (0.123456, "money", "0.123"),
        (2.5, "number", "2.5"),
        (3.0, "number", "3"),
    ],
)
def test_a_value_is_written_in_its_unit(value: float | None, unit: str, text: str) -> None:
    assert figure(value, unit) == text


@pytest.mark.parametrize(
    ("now", "then", "unit", "good", "expected"),
    [
        (12, 10, "count", "up", Change("▲ 20 %", "better")),
        (8, 10, "count", "up", Change("▼ 20 %", "worse")),
        (8, 10, "count", "none", Change("▼ 20 %")),
        (5, 0, "count", "up", Change("▲ from 0", "better")),
        (0, 0, "count", "up", Change("no change")),
        (0.262, 0.25, "rate", "down", Change("▲ 1.2 points", "worse")),
        (0.25, 0.250001, "rate", "up", Change("no change")),
        (100, 3700, "seconds", "down", Change("▼ 1h 0m", "better")),
        (100.2, 100.0, "seconds", "down", Change("no change")),
        (1.5, 1.2, "money", "down", Change("▲ 25 %", "worse")),
        (2.0, 2.5, "number", "up", Change("▼ 20 %", "worse")),
        (None, 0.5, "rate", "up", None),
        (0.5, None, "rate", "up", None),
    ],
)
def test_a_change_is_relative_in_points_or_a_duration(now: float, then: float, unit: str, good: str, expected: Change | None) -> None:
    assert change(now, then, unit, good) == expected


TODAY = date(2026, 3, 15)


@pytest.mark.parametrize(
    ("preset", "start", "end"),
    [
        ("today", "2026-03-15", "2026-03-15"),
        ("yesterday", "2026-03-14", "2026-03-14"),
        ("last-7-days", "2026-03-09", "2026-03-15"),
        ("last-30-days", "2026-02-14", "2026-03-15"),
        ("this-month", "2026-03-01", "2026-03-15"),
        ("last-month", "2026-02-01", "2026-02-28"),
    ],
)
def test_presets_end_today(preset: str, start: str, end: str) -> None:
    assert days_of(preset, TODAY) == (date.fromisoformat(start), date.fromisoformat(end))
    assert DateRange.from_url({"range": preset}, TODAY) == DateRange(preset, *days_of(preset, TODAY))


@pytest.mark.parametrize(
    ("query", "preset", "start", "end", "notices"),
    [
        ({}, "last-7-days", "2026-03-09", "2026-03-15", 0),
        ({"start": "2026-01-01", "end": "2026-01-31"}, "custom", "2026-01-01", "2026-01-31", 0),
        ({"start": "2026-01-31", "end": "2026-01-01"}, "custom", "2026-01-01", "2026-01-31", 1),
        ({"start": "0001-01-01", "end": "9999-12-31"}, "custom", "2000-01-01", "2099-12-31", 1),
        ({"range": "custom"}, "last-7-days", "2026-03-09", "2026-03-15", 1),
        ({"range": "custom", "start": "2026-02-30", "end": "2026-03-01"}, "last-7-days", "2026-03-09", "2026-03-15", 1),
        ({"range": "' or 1=1"}, "last-7-days", "2026-03-09", "2026-03-15", 1),
    ],
)
def test_every_range_in_a_url_is_one_that_can_be_shown(query: dict[str, str], preset: str, start: str, end: str, notices: int) -> None:
    days = DateRange.from_url(query, TODAY)
    assert (days.preset, days.start, days.end) == (preset, date.fromisoformat(start), date.fromisoformat(end))
    assert len(days.notices) == notices


def test_the_period_before_has_the_same_length_and_ends_where_this_one_starts() -> None:
    week = Filters("acc", date(2026, 3, 9), date(2026, 3, 15), "c", "t")
    assert before(week) == Filters("acc", date(2026, 3, 2), date(2026, 3, 8), "c", "t")
    assert before(Filters("acc", date(1, 1, 5), date(1, 1, 9))) is None


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2026-03-15", "2026-03-15", "15 Mar 2026"),
        ("2026-03-09", "2026-03-15", "9 – 15 Mar 2026"),
        ("2026-02-28", "2026-03-15", "28 Feb – 15 Mar 2026"),
        ("2025-12-31", "2026-01-01", "31 Dec 2025 – 1 Jan 2026"),
    ],
)
def test_a_span_names_what_differs(start: str, end: str, text: str) -> None:
    assert span(date.fromisoformat(start), date.fromisoformat(end)) == text


def test_a_sparkline_is_interrupted_where_there_is_no_value() -> None:
    assert Sparkline.of([0, 1, None, 2, None]).lines == (((0.0, 22.0), (25.0, 12.0)), ((75.0, 2.0), (75.01, 2.0)))
    assert Sparkline.of([None, None]).lines == ()
    assert Sparkline.of([0]).lines == (((0.0, 22.0), (0.01, 22.0)),)


def test_markup_in_cards_is_text() -> None:
    row = {kpi.column: 1 for kpi in of_view("messaging")}
    html = cards_html("<script>", cards("messaging", row, None, [], []), "")
    assert "&lt;script&gt;" in html and "<script>" not in html


def test_what_has_never_landed_has_no_value_and_what_is_divided_by_it_neither() -> None:
    row = dict.fromkeys((kpi.column for kpi in of_view("messaging")), 0)
    shown = {card.kpi.name: card for card in cards("messaging", row, row, [row], [], never_landed={"fct_leads"})}
    assert {name for name, card in shown.items() if not card.has_landed} == {
        "leads", "sms_to_lead_rate", "contact_to_lead_rate", "cost_per_lead",
    }  # fmt: skip
    assert (shown["leads"].value, shown["leads"].change, shown["leads"].sparkline.lines) == ("—", None, ())
    assert (shown["sms_sent"].value, shown["opt_out_rate"].has_landed) == ("0", True)
    html = cards_html("Messaging", list(shown.values()), "")
    assert html.count("never landed") == 4


def test_a_template_is_flagged_when_its_interval_lies_above_the_rest_of_the_account() -> None:
    def row(template: str, blocked: int, messages: int, low: float, high: float) -> dict:
        return {
            "template_id": template, "campaign_messages": messages, "carrier_blocked_messages": blocked,
            "carrier_block_rate": blocked / messages, "carrier_block_rate_low": low, "carrier_block_rate_high": high,
        }  # fmt: skip

    rows = [row("bad", 30, 100, 0.219, 0.396), row("good", 10, 200, 0.027, 0.09), row("few", 1, 2, 0.095, 0.905)]
    names = {name: name.title() for name in ("bad", "good", "few")}
    # Of 302 messages 41 were blocked; of all but `few` 40 in 300, which is 0.133 and above its lower bound of 0.095.
    account = {"campaign_messages": 302, "carrier_blocked_messages": 41}
    found = template_blocks(rows, names, account, rows)
    assert [(t.name, t.is_flagged, round(t.rest, 3)) for t in found] == [
        ("Few", False, 0.133),
        ("Bad", True, 0.054),
        ("Good", False, 0.304),
    ]
    # With nothing else to compare with, nothing is flagged.
    (alone,) = template_blocks(rows[:1], names, {"campaign_messages": 100, "carrier_blocked_messages": 30}, rows[:1])
    assert alone.rest is None and not alone.is_flagged


def test_a_campaigns_templates_are_held_against_the_whole_account() -> None:
    """All of a flagged campaign's templates are flagged, though none of them is above the others."""
    row = {
        "template_id": "t1", "campaign_messages": 50, "carrier_blocked_messages": 10, "carrier_block_rate": 0.2,
        "carrier_block_rate_low": 0.112, "carrier_block_rate_high": 0.33,
    }  # fmt: skip
    of_account = {**row, "campaign_messages": 60, "carrier_blocked_messages": 11}
    (found,) = template_blocks([row], {"t1": "T"}, {"campaign_messages": 1000, "carrier_blocked_messages": 21}, [of_account])
    assert round(found.rest, 4) == round(10 / 940, 4) and found.is_flagged


def test_a_few_sends_never_stand_out_and_many_looks_are_paid_for() -> None:
    # All blocked, but fewer than 30; 30 of 40 against a tenth; nothing to compare with.
    assert standing_out([(29, 29, 10, 100), (30, 40, 10, 100), (30, 40, 0, 0)]) == [False, True, False]
    # 9 of 40 against 10 % is unlikely on its own (p = 0.03), but expected among a hundred comparisons.
    assert standing_out([(9, 40, 40, 400)]) == [True]
    assert not any(standing_out([(9, 40, 40, 400)] + [(4, 40, 40, 400)] * 99))
    assert standing_out([]) == []


def test_one_number_outnumbers_another_beyond_a_coin() -> None:
    assert outnumbering([(9, 1), (6, 4), (0, 0), (1, 9)]) == [True, False, False, False]


def test_of_quiet_accounts_at_most_one_in_twenty_is_flagged() -> None:
    rng = Random(8)
    flagged = 0
    for _ in range(200):
        rows = [(sum(rng.random() < 0.02 for _ in range(n)), n) for n in (40, 60, 80, 100, 120)]
        blocked, sent = sum(part for part, _ in rows), sum(whole for _, whole in rows)
        flagged += any(standing_out([(part, whole, blocked - part, sent - whole) for part, whole in rows]))
    assert flagged <= 10, "more than one quiet account in twenty"


def test_names_that_several_have_carry_their_id() -> None:
    rows = [{"campaign_id": i, "campaign_name": n} for i, n in (("c1", "Spring"), ("c2", "Spring"), ("c3", None), ("c4", "Fall"))]
    assert unique_names(rows, "campaign") == {"c1": "Spring (c1)", "c2": "Spring (c2)", "c3": "c3", "c4": "Fall"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "|cmd", "%0A", "＝1", "\x00=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(text: str) -> None:
    (row,) = csv.DictReader(io.StringIO(csv_of([{"name": text, "value": -1.5}]).decode("utf-8-sig"), newline=""))
    assert row == {"name": f"'{text}", "value": "-1.5"}


@pytest.mark.parametrize("text", ["Spring", "a=b", "1 - 2", "100%", "", "🚀", 'a "quoted", name', "two\nlines"])
def test_other_cells_are_as_they_are(text: str) -> None:
    (row,) = csv.DictReader(io.StringIO(csv_of([{"name": text, "nothing": None}]).decode("utf-8-sig"), newline=""))
    assert row == {"name": text, "nothing": ""}


def test_a_downloads_name_is_one_that_every_file_system_takes() -> None:
    filters = Filters("../../etc/pass wd\\\n\0", date(2026, 3, 9), date(2026, 3, 15), "..", "a/b")
    assert file_name("labels", filters) == "labels_-etc-pass-wd-_-_a-b_2026-03-09_2026-03-15.csv"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_sign_in(address: str) -> None:
    check_address(address, has_sign_in=False)


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "192.168.0.1", "localhost.example.com", "127.0.0.1.example.com"])
def test_every_other_address_needs_sign_in(address: str | None) -> None:
    with pytest.raises(SignInError, match="loopback"):
        check_address(address, has_sign_in=False)
    check_address(address, has_sign_in=True)


@pytest.mark.parametrize(
    ("user", "email"),
    [
        ({"email": "ann@example.com"}, "ann@example.com"),
        ({"email": "ann@example.com", "email_verified": True}, "ann@example.com"),
        ({"email": "ann@example.com", "email_verified": False}, None),
        ({"email": "ann@example.com", "email_verified": "false"}, None),
        ({"email": ["ann@example.com"]}, None),
        ({}, None),
    ],
)
def test_a_viewer_is_known_by_an_email_address_that_the_provider_has_verified(
    monkeypatch: pytest.MonkeyPatch, user: dict[str, object], email: str | None
) -> None:
    monkeypatch.setattr("streamlit.user", user)
    assert signed_in_email() == email


PAGE = '[auth]\nredirect_uri = "x"\ncookie_secret = "x"\n'
PROVIDER = 'client_id = "x"\nclient_secret = "x"\nserver_metadata_url = "x"\n'


@pytest.mark.parametrize(
    ("secrets", "providers"),
    [
        ("[other]", {}),
        (PAGE + PROVIDER, {"Sign in": None}),
        (f"{PAGE}[auth.google]\n{PROVIDER}[auth.okta]\n{PROVIDER}", {"Sign in with Google": "google", "Sign in with Okta": "okta"}),
    ],
)
def test_each_provider_of_the_secrets_has_a_button(use_secrets: Callable[[str], None], secrets: str, providers: dict) -> None:
    use_secrets(secrets)
    assert sign_in_providers() == providers


@pytest.mark.parametrize(
    ("secrets", "missing"),
    [
        ("[auth]\n" + PROVIDER, "[auth] in secrets.toml lacks redirect_uri, cookie_secret."),
        (PAGE + 'client_id = "x"', "[auth] in secrets.toml lacks client_secret, server_metadata_url."),
        (PAGE + '[auth.google]\nclient_id = "x"', "[auth.google] in secrets.toml lacks client_secret, server_metadata_url."),
    ],
)
def test_a_provider_that_is_not_complete_is_named(use_secrets: Callable[[str], None], secrets: str, missing: str) -> None:
    use_secrets(secrets)
    with pytest.raises(SignInError, match=re.escape(missing)):
        sign_in_providers()


@pytest.fixture
def use_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Has Streamlit find these secrets in its file."""
    file = tmp_path / "secrets.toml"
    files = get_option("secrets.files")
    set_option("secrets.files", [str(file)])
    monkeypatch.setattr("streamlit.secrets", Secrets())
    yield lambda text: file.write_text(text) and None
    set_option("secrets.files", files)
