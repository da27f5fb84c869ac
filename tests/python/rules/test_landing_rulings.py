"""The rulings on what comes in: landing rows, and what the warehouse makes of them."""

from __future__ import annotations

import pytest
from stories import account_row, call, call_event, contact_event, given, message_event, received, row, sent


@given(sent(" m1 ", "11-01 10:00", contact="\tp1", campaign="  "), sent("m1", "11-01 10:00", contact="p1 "))
def test_text_is_trimmed_and_a_blank_is_null(reports):
    (message,) = reports.rows("marts.fct_messages")
    assert (message["message_id"], message["contact_id"]) == ("m1", "p1")


@given(
    contact_event("opted_out", "11-03 10:00", event_id="e", landed_on="11-03"),
    contact_event("opted_out", "11-02 10:00", event_id="e", landed_on="11-04"),
    contact_event("lead_created", "11-05 10:00", event_id="f"),
    contact_event("lead_created", "11-04 10:00", event_id="f"),
)
def test_of_two_rows_of_one_event_the_earliest_ingest_day_stays_and_then_the_earliest_time(reports):
    assert [str(r["date_day"]) for r in reports.rows("marts.fct_opt_outs")] == ["2026-11-03"]
    assert [str(r["date_day"]) for r in reports.rows("marts.fct_leads")] == ["2026-11-04"]


@given(
    contact_event("opted_out", "11-03 10:00", event_id="e", contact="p1"),
    contact_event("opted_out", "11-03 10:00", event_id="e", contact="p2"),
)
def test_one_event_id_of_two_contacts_is_two_events(reports):
    assert len(reports.rows("marts.fct_opt_outs")) == 2


@given(
    message_event("sent", "", "11-01 10:00", event_id="r1", contact=" "),
    message_event("opened", "m1", "11-01 10:00", event_id="r2", occurred_at="soon"),
    message_event("sent", "m1", "11-01 10:00", event_id="r3", occurred_at="2026-02-30T00:00:00Z"),
    message_event("sent", "m1", "11-01 10:00", event_id="r4", account_id="nobody"),
    message_event("sent", "m1", "11-01 10:00", event_id="r5", occurred_at="infinity", account_id="nobody"),
    message_event("sent", None, "11-01 10:00", event_id="r6"),
)
def test_the_first_rule_that_a_row_breaks_is_its_reason(reports):
    found = dict(reports.db.execute("select event_id, reason from marts.rejected_events where event_id like 'r_'").fetchall())
    assert found == {
        "r1": "missing_contact_id", "r2": "unknown_event_type", "r3": "invalid_occurred_at", "r4": "unknown_account",
        "r5": "invalid_occurred_at", "r6": "missing_message_id",
    }  # fmt: skip
    assert reports.messaging()["sms_sent"] == 0


@given(
    account_row(account_name="old", updated_at="2026-10-01T00:00:00Z", landed_on="11-05"),
    account_row(account_name="new", updated_at="2026-10-02T00:00:00Z", landed_on="11-01"),
)
def test_of_an_entity_the_row_with_the_latest_update_wins(reports):
    assert [account["account_name"] for account in reports.rows("marts.dim_accounts")] == ["new"]


@given(
    row("campaigns", campaign_id="c1", campaign_name="one day", updated_at="2026-10-01T00:00:00Z", landed_on="11-01"),
    row("campaigns", campaign_id="c1", campaign_name="a later day", updated_at="2026-10-01T00:00:00Z", landed_on="11-02"),
    row("campaigns", campaign_id=" ", campaign_name="no id"),
)
def test_of_two_rows_of_one_update_the_latest_ingest_day_wins_and_a_row_without_its_id_is_ignored(reports):
    assert [campaign["campaign_name"] for campaign in reports.rows("marts.dim_campaigns")] == ["a later day"]


@given(
    account_row(account_id="agency"),
    account_row(account_id="client", parent_account_id="agency"),
    account_row(account_id="branch", parent_account_id="client"),
    account_row(account_id="orphan", parent_account_id="nobody"),
    account_row(account_id="own_parent", parent_account_id="own_parent"),
    account_row(account_id="loop_a", parent_account_id="loop_b"),
    account_row(account_id="loop_b", parent_account_id="loop_a"),
    account_row(account_id="below_loop", parent_account_id="loop_a"),
)
def test_a_viewer_sees_its_account_and_every_one_below_and_a_loop_makes_top_accounts(reports):
    ids = ["agency", "client", "branch", "orphan", "own_parent", "loop_a", "loop_b", "below_loop"]
    access = "select viewer_account_id, account_id from marts.account_access where list_contains($1, account_id)"
    assert set(reports.db.execute(access, [ids]).fetchall()) == {(account, account) for account in ids} | {
        ("agency", "client"), ("agency", "branch"), ("client", "branch"), ("loop_a", "below_loop"),
    }  # fmt: skip


@given(row("users", user_id="u1", email="  Sam@Example.COM ", updated_at="2026-10-01T00:00:00Z"))
def test_a_user_is_known_by_the_hash_of_the_trimmed_lower_case_email(reports):
    from hashlib import sha256

    assert [u["email_sha256"] for u in reports.rows("marts.dim_users")] == [sha256(b"sam@example.com").hexdigest()]


# -- vocabularies


@given(
    sent("m1", "11-01 10:00", event_type="SENT", origin="Campaign", channel=" Mms "),
    sent("m2", "11-01 10:00", event_type="Sent", origin="MANUAL", campaign=None, body="x" * 161),
    sent("m3", "11-01 10:00", origin="bot", channel="whatsapp"),
    sent("m4", "11-01 10:00", origin="bot"),
    message_event("queued", "m5", "11-01 10:00"),
)
def test_a_vocabulary_is_read_in_any_case_and_what_is_outside_it_is_as_if_missing_and_listed(reports):
    messages = {m["message_id"]: (m["origin"], m["channel"], m["segments"]) for m in reports.rows("marts.fct_messages")}
    assert messages == {
        "m1": ("campaign", "mms", 1), "m2": ("manual", "sms", 2), "m3": ("campaign", "sms", 1), "m4": ("campaign", "sms", 1),
    }  # fmt: skip
    listed = reports.db.execute("""
        select stream, "column", value, "rows", first_ingest_date::varchar, last_ingest_date::varchar
        from marts.unexpected_values where value in ('bot', 'whatsapp', 'queued') order by value
    """).fetchall()  # fmt: skip
    assert listed == [
        ("message_events", "origin", "bot", 2, "2026-11-20", "2026-11-20"),
        ("message_events", "event_type", "queued", 1, "2026-11-20", "2026-11-20"),
        ("message_events", "channel", "whatsapp", 1, "2026-11-20", "2026-11-20"),
    ]


@pytest.mark.parametrize(
    ("provider", "code", "status"),
    [
        ("TWILIO", "30007.00", "carrier_blocked"), ("twilio", "30007.", "carrier_blocked"), ("Telnyx", 40002, "carrier_blocked"),
        ("twilio", "40002", "undelivered"), ("twilio", "30005.0", "undelivered"), ("twilio", "30007.5", "undelivered"),
        ("twilio", "30032", "carrier_blocked"), ("twilio", "30004", "undelivered"),
    ],
)  # fmt: skip
@given(
    *(
        message_event("undelivered", f"{provider} {code}", "11-01 10:00", provider=provider, error_code=code)
        for provider, code in [
            ("TWILIO", "30007.00"), ("twilio", "30007."), ("Telnyx", 40002), ("twilio", "40002"), ("twilio", "30005.0"),
            ("twilio", "30007.5"), ("twilio", "30032"), ("twilio", "30004"),
        ]
    )
)  # fmt: skip
def test_an_error_code_is_read_as_providers_and_spreadsheets_write_it(reports, provider, code, status):
    assert {m["message_id"]: m["status"] for m in reports.rows("marts.fct_messages")}[f"{provider} {code}"] == status


# -- times


@given(
    *(
        sent(event_id, "11-20 10:00", event_id=event_id, occurred_at=moment)
        for event_id, moment in {
            "t1": "1970-01-01T00:00:00Z", "t2": "2026-11-27T23:59:59.999Z", "t3": "2026-11-20T10:00:00+18:00",
            "t4": "1969-12-31T23:59:59Z", "t5": "2026-11-28T00:00:00Z", "t6": "9999-12-31T23:59:59Z", "t7": "0001-01-01T00:00:00Z",
            "t8": "2026-11-20T10:00:00+18:01", "t9": "2026-11-20T10:00:00+1930",
        }.items()
    )
)  # fmt: skip
def test_a_time_before_1970_or_more_than_seven_days_after_the_ingest_day_is_a_broken_clock_s(reports):
    assert sorted(m["message_id"] for m in reports.rows("marts.fct_messages")) == ["t1", "t2", "t3"]
    found = dict(reports.db.execute("select event_id, reason from marts.rejected_events where event_id like 't_'").fetchall())
    assert found == dict.fromkeys(("t4", "t5", "t6", "t7"), "implausible_occurred_at") | dict.fromkeys(("t8", "t9"), "invalid_occurred_at")


@given(
    account_row(timezone="America/Winnipeg"),
    sent("w1", "11-18 05:30"),
    sent("w2", "11-18 04:30"),
    row("campaigns", campaign_id="end", created_at="9999-12-31T23:30:00Z"),
    row("campaigns", campaign_id="start", created_at="0001-01-01T00:30:00Z"),
)
def test_days_follow_the_zone_database_of_the_lock_and_no_date_is_beyond_them(reports):
    # Manitoba keeps summer time from November 2026 on.
    assert {m["message_id"]: str(m["date_day"]) for m in reports.rows("marts.fct_messages")} == {"w1": "2026-11-18", "w2": "2026-11-17"}
    assert {c["campaign_id"]: str(c["created_day"]) for c in reports.rows("marts.dim_campaigns")} == {
        "end": "9999-12-31", "start": "0001-01-01",
    }  # fmt: skip


# -- attributes


@given(
    sent("m1", "11-01 10:00", campaign="of the event", template="t1", segments=2, user_id="u1", price="-0.0079"),
    row("message_attributes", message_id="m1", campaign_id="old", segments="3", updated_at="2026-11-02T00:00:00Z", landed_on="11-21"),
    row("message_attributes", message_id="m1", campaign_id="new", segments=" ", updated_at="2026-11-03T00:00:00Z", landed_on="11-20"),
    row("message_attributes", message_id="m1", origin="robot", user_id="u2", updated_at="2026-11-04T00:00:00Z"),
    row("message_attributes", message_id="m2", campaign_id="of no message", updated_at="2026-11-04T00:00:00Z"),
)
def test_of_attributes_the_latest_row_that_gives_a_value_wins_column_by_column_over_the_events(reports):
    (message,) = reports.rows("marts.fct_messages")
    assert [message[name] for name in ("campaign_id", "template_id", "origin", "segments", "user_id")] == ["new", "t1", "campaign", 3, "u2"]
    assert float(message["price"]) == 0.0079


@given(
    received("r1", "11-02 10:00"),
    sent("m1", "11-01 10:00", campaign="c1"),
    row("message_attributes", message_id="m1", origin="manual", updated_at="2026-11-03T00:00:00Z"),
    row("message_attributes", message_id="r1", campaign_id="c2", updated_at="2026-11-03T00:00:00Z"),
)
def test_attributes_decide_what_follows_from_a_message(reports):
    report = reports.messaging()
    assert (report["campaign_messages"], report["contacts"], report["sms_sent"]) == (0, 0, 1)
    assert [reply["campaign_id"] for reply in reports.rows("marts.fct_replies")] == ["c2"]


@given(
    *call("k1", "11-01 10:00", 30, outcome=None),
    call_event("outcome_recorded", "k1", "11-01 11:00", outcome="No answer"),
    row("call_attributes", call_id="k1", outcome="Lead", campaign_id="c9", user_id="u1", price="0.013", updated_at="2026-11-03T00:00:00Z"),
)
def test_attributes_of_a_call_add_an_outcome_to_those_of_its_events(reports):
    (found,) = reports.rows("marts.fct_calls")
    assert (found["campaign_id"], found["user_id"], float(found["price"]), found["is_lead"]) == ("c9", "u1", 0.013, True)
    assert {o["outcome"] for o in reports.rows("marts.fct_call_outcomes")} == {"No answer", "Lead"}


@given(contact_event("opted_in", "11-03 10:00", campaign="c1"), sent("m1", "11-01 10:00"))
def test_an_opt_in_is_an_event_that_counts_in_no_kpi(reports):
    assert reports.rows("marts.fct_opt_outs") == []
    assert reports.db.execute("select count(*) from marts.rejected_events where row_json like '%opted_in%'").fetchone() == (0,)
