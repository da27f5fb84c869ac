"""Each ruling about what comes in: the landing rows, and what the warehouse makes of them."""

from __future__ import annotations

from stories import account_row, contact_event, given, message_event, row, sent


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
