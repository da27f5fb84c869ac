"""The Reporting page in a real browser, over a published file with known answers."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from harness import ask
from page import LONG, MARKUP, SECRET, TODAY, Reporting, day, free_port, served, tab, window
from playwright.sync_api import Browser, BrowserContext, expect

from outreach.kpis.entries import carded
from outreach.kpis.units import figure

LAST_WEEK = (TODAY - timedelta(days=6), TODAY)


@pytest.fixture(scope="module")
def address(chromium: Browser, published: Path) -> Iterator[str]:
    with served(published, free_port()) as url:
        yield url


@pytest.fixture(scope="module")
def desktop(chromium: Browser) -> Iterator[BrowserContext]:
    with window(chromium) as opened:
        yield opened


@pytest.fixture
def reporting(desktop: BrowserContext, address: str) -> Iterator[Reporting]:
    with tab(desktop, address) as page:
        yield page


def report(published: Path, function: str, account: str, days: tuple[date, date] = LAST_WEEK, **filters: str) -> list[dict]:
    with duckdb.connect(str(published), read_only=True) as db:
        return ask(db, function, account, *days, **filters)


MESSAGING = {
    "campaigns_created": "2",
    "sms_sent": "6",
    "sms_segments_sent": "8",
    "carrier_block_rate": "20 %",
    "replies_received": "2",
    "delivery_rate": "75 %",
    "opt_out_rate": "25 %",
    "ai_filtering_rate": "25 %",
    "reply_rate": "50 %",
    "median_response_seconds": "1h 5m",
    "leads": "1",
    "contacts": "4",
    "sms_to_lead_rate": "16.7 %",
    "contact_to_lead_rate": "25 %",
    "sms_cost": "0.04",
    "cost_per_reply": "0.02",
    "cost_per_lead": "0.04",
    "messages_after_opt_out": "0",
}

CALLING = {
    "calls_dialed": "3",
    "calls_answered": "2",
    "conversations": "1",
    "response_rate": "66.7 %",
    "average_call_seconds": "1m 30s",
    "conversation_rate": "50 %",
    "calling_leads": "1",
    "deals_closed": "1",
    "call_to_lead_rate": "33.3 %",
    "lead_to_deal_rate": "100 %",
    "call_cost": "1.50",
    "cost_per_deal": "1.50",
}


def test_messaging_shows_the_known_answers_in_the_order_of_the_product(reporting: Reporting) -> None:
    reporting.open(viewer="known")
    assert reporting.values() == MESSAGING
    assert list(reporting.values()) == list(MESSAGING)
    titles = reporting.tab.locator("article.card h3").all_inner_texts()
    assert titles == [
        "Campaign Counter", "SMS sent", "SMS Segments Sent", "Carrier Block Rate", "Replies Received", "Delivery Rate", "Opt-out Rate",
        "AI filtering Rate", "Reply Rate", "Median Response time", "Leads", "Contacts", "SMS to Lead Conversion Rate",
        "Contact to Lead Conversion Rate", "SMS cost", "Cost per reply", "Cost per lead", "Messages after an opt-out",
    ]  # fmt: skip
    expect(reporting.tab.locator("#card-sms_cost .parts")).to_have_text("4 priced messages")
    expect(reporting.tab.locator("#card-campaigns_created .parts")).to_have_text("1 standard 1 keyword")
    labels = reporting.tab.get_by_role("table", name="Labels").get_by_role("row").all_inner_texts()
    assert [re.split(r"\s*\t\s*", text.strip()) for text in labels[1:]] == [["Hot", "2", "66.7 %"], [MARKUP, "1", "33.3 %"]]


def test_calling_shows_the_known_answers_in_the_order_of_the_product(reporting: Reporting) -> None:
    reporting.open(viewer="known", view="calling")
    assert list(reporting.values().items()) == list(CALLING.items())
    assert reporting.tab.locator("article.card h3").all_inner_texts() == [
        "Total Calls Dialed", "Total Calls Answered", "Conversations", "Response Rate", "Average Call Time", "Conversations Rate", "Leads",
        "Deals Closed", "Call to Lead Conversion Rate", "Lead to Deal Conversion Rate", "Call cost", "Cost per deal",
    ]  # fmt: skip
    outcomes = reporting.tab.get_by_role("table", name="Call outcomes").get_by_role("row").all_inner_texts()
    assert [re.split(r"\s*\t\s*", text.strip()) for text in outcomes[1:]] == [["Deal closed", "1", "50 %"], ["Lead", "1", "50 %"]]
    expect(reporting.tab.get_by_role("combobox", name="Message Templates")).to_have_count(0)


def test_a_card_compares_with_the_period_before_and_explains_itself(reporting: Reporting) -> None:
    reporting.open(viewer="known")
    sent = reporting.tab.locator("#card-sms_sent")
    expect(sent.locator(".change")).to_contain_text("▲ 200 %")
    # Blocked: none before, a fifth now. That is worse, and also said without colour.
    blocked = reporting.tab.locator("#card-carrier_block_rate")
    expect(blocked.locator(".change.worse")).to_have_text(re.compile(r"▲ 20 points, worse, vs \d"))
    expect(blocked.locator(".help")).to_be_hidden()
    blocked.hover()
    expect(blocked.locator(".help")).to_be_visible()
    expect(blocked.locator(".formula")).to_have_text("= carrier_blocked_messages / campaign_messages")
    expect(blocked.locator(".fraction")).to_have_text("1 Carrier-blocked messages / 5 Campaign messages")
    # By keyboard, too.
    reporting.tab.locator("#card-leads").focus()
    expect(reporting.tab.locator("#card-leads .help")).to_be_visible()
    assert reporting.tab.locator("img.sparkline").count() == len(carded("messaging"))


def table_rows(reporting: Reporting, name: str) -> list[list[str]]:
    table = reporting.tab.get_by_role("table", name=name)
    expect(table).to_be_attached()
    return [re.split(r"\s*\t\s*", text.strip()) for text in table.get_by_role("row").all_inner_texts()[1:]]


def test_messaging_says_which_step_brings_replies_who_answers_and_when(reporting: Reporting) -> None:
    reporting.open(viewer="known")
    assert table_rows(reporting, "Replies and opt-outs by step") == [
        ["Step 1", "4", "25 %", "25 %", "2 / 4", "15 % – 85 %", "50 %"],
        ["Step 2", "1", "0 %", "0 %", "0 / 1", "0 % – 79.3 %", "0 %"],
    ]
    assert table_rows(reporting, "Who answers, and how fast") == [["Unknown", "1", "1h 5m", "1h 5m", "1h 5m", "0 %"]]
    reporting.notice("50 % of 4 first messages had a reply within 72 hours. No hour can be told apart from the rest of the week yet.")
    expect(reporting.tab.get_by_role("heading", name="Messages after an opt-out")).to_have_count(1)  # its card
    # The sample keeps writing to contacts who have opted out.
    reporting.open(viewer="acc_1", range="last-30-days")
    expect(reporting.tab.get_by_role("heading", name="Messages after an opt-out")).to_have_count(2)
    expect(reporting.tab.get_by_text("Each can cost the sender its number.")).to_be_visible()


SELECTIONS = [
    {"account": "acc_1", "view": "messaging"},
    {"account": "acc_2", "view": "messaging", "range": "last-30-days"},
    {"account": "acc_1", "view": "messaging", "range": "last-30-days", "campaign": "cmp_1_4", "template": "tpl_1_4_1"},
    {"account": "acc_5", "view": "calling", "range": "last-30-days"},
    {"account": "acc_1", "view": "calling", "range": "last-30-days", "campaign": "cmp_1_4"},
]


@pytest.mark.parametrize("state", SELECTIONS, ids=lambda state: "-".join(state.values()))
def test_every_card_shows_what_the_report_function_answers(reporting: Reporting, published: Path, state: dict[str, str]) -> None:
    (today,) = duckdb.sql("select (now() at time zone $tz)::date", params={"tz": timezone_of(published, state["account"])}).fetchone()
    days = (today - timedelta(days=29 if state.get("range") else 6), today)
    filters = {name: state[name] for name in ("campaign", "template") if name in state}
    (answer,) = report(published, f"{state['view']}_report", state["account"], days, **filters)
    reporting.open(viewer="acc_1", **state)
    expected = {kpi.name: figure(answer[kpi.column], kpi.unit) for kpi in carded(state["view"])}
    assert reporting.values() == expected
    assert set(expected.values()) - {"0", "—"}, "a selection without activity shows nothing"


def timezone_of(published: Path, account: str) -> str:
    with duckdb.connect(str(published), read_only=True) as db:
        return db.execute("select timezone from marts.dim_accounts where account_id = $1", [account]).fetchone()[0]


def test_nothing_to_divide_by_is_a_dash(reporting: Reporting) -> None:
    reporting.open(viewer="known", account="known_sub")
    reporting.shows(sms_sent="1", contacts="0", carrier_block_rate="—", delivery_rate="—", reply_rate="—", median_response_seconds="—")
    text = reporting.tab.inner_text("body")
    assert "NaN" not in text and "None" not in text


def test_account_filter_offers_the_own_first_then_every_account_below(reporting: Reporting) -> None:
    reporting.open(viewer="known")
    assert reporting.options("Account") == ["Known Agency", MARKUP, LONG.strip()]
    reporting.choose("Account", MARKUP)
    reporting.shows(sms_sent="1")
    assert "account=known_sub" in reporting.state()


def test_campaign_filter_offers_those_with_activity_and_says_where_it_does_not_apply(reporting: Reporting) -> None:
    reporting.open(viewer="known")
    assert reporting.options("Campaigns") == ["All campaigns", "Keyword JOIN", "Spring"]
    reporting.choose("Campaigns", "Keyword JOIN")
    reporting.shows(campaigns_created="1", sms_sent="0", median_response_seconds="1h 5m")
    expect(reporting.tab.locator("#card-median_response_seconds .unfiltered")).to_have_text("Not filtered by campaign")
    expect(reporting.tab.locator(".unfiltered")).to_have_count(1)


def test_template_filter_offers_those_with_activity_and_says_where_it_does_not_apply(reporting: Reporting) -> None:
    reporting.open(viewer="known")
    assert reporting.options("Message Templates") == ["All message templates", "Following up", "Hello"]
    reporting.choose("Message Templates", "Following up")
    reporting.shows(sms_sent="1", sms_segments_sent="3", campaigns_created="2", median_response_seconds="1h 5m")
    assert {
        name: reporting.tab.locator(f"#card-{name} .unfiltered").inner_text() for name in ("campaigns_created", "median_response_seconds")
    } == {"campaigns_created": "Not filtered by template", "median_response_seconds": "Not filtered by template"}
    expect(reporting.tab.locator(".unfiltered")).to_have_count(2)


PRESETS = {
    "Today": (0, 0, "0"),
    "Yesterday": (1, 1, "1"),
    "Last 30 days": (29, 0, "8"),
    "Last 7 days": (6, 0, "6"),
}


def test_each_preset_means_its_days(reporting: Reporting, published: Path) -> None:
    reporting.open(viewer="known")
    for preset, (first, last, sent) in PRESETS.items():
        reporting.choose_days(preset)
        reporting.shows(sms_sent=sent)
        expect(reporting.tab.locator(".stPopover button").first).to_contain_text(preset)
        days = (TODAY - timedelta(days=first), TODAY - timedelta(days=last))
        assert report(published, "messaging_report", "known", days)[0]["sms_sent"] == int(sent)
        reporting.tab.keyboard.press("Escape")
    first_of_month = TODAY.replace(day=1)
    last_month = first_of_month - timedelta(days=1)
    for preset, days in {"This month": (first_of_month, TODAY), "Last month": (last_month.replace(day=1), last_month)}.items():
        reporting.choose_days(preset)
        expect(reporting.tab.locator(".stPopover button").first).to_contain_text(preset)
        reporting.shows(sms_sent=str(report(published, "messaging_report", "known", days)[0]["sms_sent"]))
        reporting.tab.keyboard.press("Escape")


def test_a_kpi_that_nothing_has_landed_for_says_so_and_is_not_0(reporting: Reporting) -> None:
    reporting.open(viewer="known_sub")
    reporting.shows(sms_sent="1", replies_received="0", leads="—", ai_filtering_rate="—", campaigns_created="—")
    expect(reporting.tab.locator("#card-leads .change")).to_have_text("never landed")
    reporting.open(viewer="known")
    reporting.shows(leads="1", campaigns_created="2")


def test_own_days_are_chosen_by_keyboard(reporting: Reporting) -> None:
    reporting.open(viewer="known")
    reporting.choose_days("Custom")
    expect(reporting.tab.locator(".stPopover button").first).to_contain_text("Custom")
    assert f"range=custom&start={day(6)}&end={day(0)}" in reporting.state()
    reporting.shows(sms_sent="6")


def test_the_page_opens_on_the_account_with_the_most_activity_and_shows_every_card_at_once(reporting: Reporting, published: Path) -> None:
    busiest = """
        select account_name from marts.dim_accounts
        join (select account_id from marts.fct_messages union all select account_id from marts.fct_calls) using (account_id)
        group by account_name order by count(*) desc limit 1
    """
    with duckdb.connect(str(published), read_only=True) as db:
        (name,) = db.execute(busiest).fetchone()
    reporting.tab.set_viewport_size({"width": 1440, "height": 900})
    reporting.open()
    for box in ("Viewing as", "Account"):
        expect(reporting.tab.get_by_role("combobox", name=box, exact=False)).to_have_value(name)
    tops = reporting.tab.locator(".card .value").evaluate_all("values => values.map(value => value.getBoundingClientRect().bottom)")
    assert len(tops) >= 15 and max(tops) <= 900


def test_the_url_holds_the_whole_state(reporting: Reporting, desktop: BrowserContext, address: str) -> None:
    reporting.open(viewer="known")
    reporting.choose_days("Last 30 days")
    reporting.shows(sms_sent="8")
    reporting.tab.keyboard.press("Escape")
    reporting.choose("Campaigns", "Spring")
    reporting.shows(sms_sent="6", contacts="4")
    reporting.choose("Message Templates", "Hello")
    reporting.shows(sms_sent="4")
    reporting.tab.get_by_role("combobox", name="KPI").click()
    reporting.tab.get_by_role("combobox", name="KPI").fill("Reply Rate")
    reporting.tab.get_by_role("option", name="Reply Rate", exact=True).click()
    expect(reporting.tab.get_by_role("combobox", name="KPI")).to_have_value("Reply Rate")
    reporting.drawn()
    reporting.tab.wait_for_url("**trend=reply_rate**")
    link, seen = reporting.state(), reporting.values()
    assert dict(part.split("=") for part in link.split("&")) == {
        "viewer": "known", "range": "last-30-days", "campaign": "c1", "template": "t1", "trend": "reply_rate",
    }  # fmt: skip
    with tab(desktop, address) as colleague:
        colleague.tab.goto(f"{address}/?{link}")
        colleague.drawn()
        assert colleague.values() == seen
        expect(colleague.tab.get_by_role("combobox", name="KPI")).to_have_value("Reply Rate")
        colleague.tab.get_by_text("Calling", exact=True).click()
        colleague.shows(calls_dialed="3")
        assert "view=calling" in colleague.state()


@pytest.mark.parametrize("link", [{"account": "foreign"}, {"account": "foreign", "campaign": "c9"}, {"account": "no such account"}])
def test_a_link_to_an_account_that_the_viewer_may_not_see_shows_nothing_of_it(reporting: Reporting, link: dict[str, str]) -> None:
    reporting.open(viewer="known", **link)
    reporting.notice("The link's account does not exist, or you may not see it.")
    assert reporting.values() == {}
    assert "Secret" not in reporting.tab.get_by_test_id("stMainBlockContainer").inner_text()


def test_a_sub_account_sees_nothing_of_the_account_above(reporting: Reporting) -> None:
    reporting.open(viewer="known_sub", account="known")
    reporting.notice("The link's account does not exist, or you may not see it.")
    assert reporting.options("Account") == [MARKUP]


def test_without_sign_in_the_page_says_so(reporting: Reporting) -> None:
    reporting.open(viewer="known")
    reporting.notice("No sign-in is set up")
    reporting.choose("Viewing as", SECRET)
    reporting.shows(sms_sent="1", contacts="1")


def test_an_account_without_activity_says_so(reporting: Reporting) -> None:
    reporting.open(viewer="known", account="known_empty")
    reporting.notice("Nothing has happened in this account yet.")
    reporting.shows(sms_sent="0", reply_rate="—")


def test_a_range_without_activity_says_when_there_was_some(reporting: Reporting) -> None:
    reporting.open(viewer="known", start="2020-01-01", end="2020-01-31")
    reporting.notice("Nothing happened on these days. There is activity from")


def test_unknown_ids_in_the_url_are_named_and_match_nothing(reporting: Reporting) -> None:
    reporting.open(viewer="known", campaign="'; drop <b>x</b>", template=MARKUP)
    reporting.notice("The account has no campaign “'; drop <b>x</b>”, so there is nothing to show.")
    reporting.notice(f"The account has no template “{MARKUP}”")
    reporting.shows(sms_sent="0")
    reporting.open(viewer="nobody", view="nothing", range="ever", trend="none")
    reporting.notice("The account in the link’s “viewer” is unknown.")
    reporting.notice("The page does not know the link's date range; these are the last 7 days.")


def test_a_campaign_of_other_days_says_that_it_has_no_activity(reporting: Reporting) -> None:
    reporting.open(viewer="known", campaign="c0")
    reporting.notice("“Last week” has no activity on these days.")
    reporting.shows(sms_sent="0", median_response_seconds="1h 5m")


def test_a_reversed_range_is_swapped_and_a_century_is_shown_whole(reporting: Reporting) -> None:
    reporting.open(viewer="known", start=day(0), end=day(6))
    reporting.notice("The link's range ends before it starts; its days were swapped.")
    reporting.shows(sms_sent="6")
    reporting.open(viewer="known", start="1926-01-01", end="2126-12-31")
    reporting.notice("Days before 2000 and after 2099 were left out.")
    reporting.shows(sms_sent="8", contacts="6")
    reporting.open(viewer="known", start="soon", end="0000-00-00")
    reporting.notice("The link's days are not two dates")


def test_template_that_is_flagged_is_marked(reporting: Reporting, published: Path) -> None:
    days = (TODAY - timedelta(days=59), TODAY)
    (whole,) = report(published, "messaging_report", "acc_1", days)
    rows = report(published, "messaging_by_template", "acc_1", days)
    flagged = {
        row["template_name"]
        for row in rows
        if row["campaign_messages"]
        and row["carrier_block_rate_low"]
        > (whole["carrier_blocked_messages"] - row["carrier_blocked_messages"]) / (whole["campaign_messages"] - row["campaign_messages"])
    }
    assert flagged
    reporting.open(viewer="acc_1", start=str(days[0]), end=str(days[1]))
    for name in flagged:
        reporting.notice(name)
    reporting.tab.get_by_text("Templates, as a table").click()
    marked = reporting.tab.get_by_role("table", name="Carrier blocks by template").get_by_role("rowheader").all_inner_texts()
    assert {name.removesuffix(" ▲ flagged") for name in marked if name.endswith("flagged")} == flagged


def test_funnel_leads_from_contacts_to_deals(reporting: Reporting) -> None:
    reporting.open(viewer="known")
    rows = reporting.tab.get_by_role("table", name="From contact to deal").get_by_role("row").all_inner_texts()
    assert [re.split(r"\s*\t\s*", text.strip()) for text in rows[1:]] == [
        ["Contacts", "4", "100 %"],
        ["Replied", "2", "50 %"],
        ["Leads", "1", "25 %"],
        ["Deals closed in calls", "1", "25 %"],
    ]


def downloaded(reporting: Reporting, button: str, place: int = 0) -> tuple[str, list[dict[str, str]]]:
    with reporting.tab.expect_download() as download:
        reporting.tab.get_by_role("button", name=button).nth(place).click()
    text = Path(download.value.path()).read_text("utf-8-sig")
    return download.value.suggested_filename, list(csv.DictReader(io.StringIO(text)))


def test_every_table_and_the_whole_report_are_downloaded_as_csv(reporting: Reporting, published: Path) -> None:
    reporting.open(viewer="known")
    name, rows = downloaded(reporting, "Download the report as CSV")
    assert name == f"messaging-report_known_{day(6)}_{day(0)}.csv"
    (answer,) = report(published, "messaging_report", "known")
    values = {row["name"]: row["value"] for row in rows if row["kind"] == "kpi"}
    assert values == {column: "" if value is None else str(value) for column, value in answer.items()}
    assert [(row["name"], row["value"]) for row in rows if row["kind"] == "label"] == [("l1", "2"), ("l2", "1")]
    buttons = reporting.tab.get_by_role("button", name="Download CSV")
    names = [downloaded(reporting, "Download CSV", place)[0].partition("_")[0] for place in range(buttons.count())]
    assert names == [
        "labels", "messaging-by-day", "messaging-by-template", "templates-compared", "messaging-by-hour", "messaging-by-step",
        "responses-by-user", "messaging-by-campaign",
    ]  # fmt: skip
    _, by_day = downloaded(reporting, "Download CSV", 1)
    assert [int(row["sms_sent"]) for row in by_day] == [row["sms_sent"] for row in report(published, "messaging_by_day", "known")]


def test_stale_data_carry_a_warning_until_they_are_published_anew(
    reporting: Reporting, published: Path, desktop: BrowserContext, tmp_path: Path
) -> None:
    reporting.open(viewer="known")
    reporting.notice("Data as of")
    assert "data are" not in reporting.tab.inner_text("body")
    stale = tmp_path / "stale.duckdb"
    shutil.copy(published, stale)
    with duckdb.connect(str(stale)) as db:
        db.execute("update marts.publication set published_at = published_at - interval 3 day")
    with served(stale, free_port()) as url, tab(desktop, url) as page:
        page.open(viewer="known")
        page.notice("These data are 3 days old.")
        # Published anew while the page is open: the next click shows it.
        republish(published, stale)
        page.tab.get_by_text("Calling", exact=True).click()
        page.shows(calls_dialed="4")
        assert "days old" not in page.tab.inner_text("body")


def republish(published: Path, target: Path) -> None:
    """Renames a newer publication over a file: one call more."""
    newer = target.with_name("newer.duckdb")
    shutil.copy(published, newer)
    with duckdb.connect(str(newer)) as db:
        columns = [name for name, *_ in db.execute("describe marts.fct_calls").fetchall()]
        values = ", ".join("'k9'" if name == "call_id" else name for name in columns)
        db.execute(f"insert into marts.fct_calls select {values} from marts.fct_calls where account_id = 'known' and call_id = 'k3'")
    os.replace(newer, target)


def test_without_a_published_file_the_page_says_what_to_do(desktop: BrowserContext, tmp_path: Path, published: Path) -> None:
    file = tmp_path / "none.duckdb"
    with served(file, free_port()) as url, tab(desktop, url) as page:
        page.open()
        page.notice("Nothing is published yet.")
        file.write_bytes(b"not a database, whatever its name says " * 100)
        page.tab.get_by_role("button", name="Reload").click()
        page.notice("The published file is damaged or has another version.")
        os.replace(shutil.copy(published, tmp_path / "whole.duckdb"), file)
        page.tab.get_by_role("button", name="Reload").click()
        expect(page.tab.locator("article.card").first).to_be_visible()


SCREENS = {
    "messaging-wide": ({"view": "messaging"}, {"viewport": {"width": 1440, "height": 900}}),
    "calling-wide": ({"view": "calling"}, {"viewport": {"width": 1440, "height": 900}}),
    "messaging-narrow": ({"view": "messaging"}, {"viewport": {"width": 390, "height": 844}}),
    "calling-narrow": ({"view": "calling"}, {"viewport": {"width": 390, "height": 844}}),
    "messaging-dark": ({"view": "messaging"}, {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"}),
    "calling-dark": ({"view": "calling"}, {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"}),
}


# By night each view in each of them.
BY_DAY = ("messaging-wide", "calling-narrow")


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in BY_DAY else pytest.mark.nightly) for name in SCREENS])
def test_the_page_fits_its_screen(chromium: Browser, address: str, name: str) -> None:
    """Also writes target/screenshots for visual review."""
    state, context = SCREENS[name]
    with window(chromium, **context) as opened, tab(opened, address) as page:
        page.open(viewer="acc_1", range="last-30-days", **state)
        expect(page.tab.locator(".stVegaLiteChart svg").first).to_be_visible()
        width = page.tab.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollWidth")
        assert width <= context["viewport"]["width"]
        height = page.tab.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        page.tab.set_viewport_size({"width": context["viewport"]["width"], "height": height})
        page.drawn()
        folder = Path("target/screenshots")
        folder.mkdir(parents=True, exist_ok=True)
        page.tab.screenshot(path=folder / f"{name}.png")


def test_screen_readers_find_names_and_tables(reporting: Reporting) -> None:
    reporting.open(viewer="known")
    page = reporting.tab
    for name in ("Viewing as", "Account", "Campaigns", "Message Templates", "KPI"):
        expect(page.get_by_role("combobox", name=name)).to_have_count(1)
    expect(page.get_by_role("heading", name="Reporting", level=1)).to_have_count(1)
    # Charts have a description and a table with the same numbers.
    for chart in ("SMS sent by day", "Carrier Block Rate of each template"):
        expect(page.locator(f".stVegaLiteChart[aria-label*='{chart}'][aria-label$='The table below has the numbers.']")).to_be_visible()
    card = page.locator("#card-reply_rate")
    assert card.get_attribute("aria-labelledby") == "title-reply_rate"
    assert card.get_attribute("aria-describedby") == "help-reply_rate"
    assert card.get_attribute("tabindex") == "0"
