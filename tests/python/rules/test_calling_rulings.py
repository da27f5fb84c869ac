"""The rulings on the Calling KPIs: landing rows, and the reports they give."""

from __future__ import annotations

from stories import account_row, call, call_event, given, row


@given(*call("k1", "11-01 10:00", duration="90"), *call("k2", "11-01 11:00", duration="91"))
def test_a_call_of_90_seconds_is_no_conversation_and_91_is_one(reports):
    report = reports.calling()
    assert (report["calls_answered"], report["conversations"], report["conversation_rate"]) == (2, 1, 0.5)


@given(
    *call("k1", "11-01 10:00", by="machine"),
    *call("k2", "11-01 10:00", by=None),
    *call("k3", "11-01 10:00", by="human"),
    call_event("dialed", "k4", "11-01 10:00"),
)
def test_a_call_is_answered_unless_by_a_machine(reports):
    report = reports.calling()
    assert (report["calls_dialed"], report["calls_answered"], report["response_rate"]) == (4, 2, 0.5)


@given(*call("k1", "11-01 10:00", direction="inbound"), *call("k2", "11-01 10:00", direction="outbound"), *call("k3", "11-01 10:00"))
def test_only_outbound_calls_are_dialed_and_a_missing_direction_is_outbound(reports):
    assert reports.calling()["calls_dialed"] == 2


@given(
    call_event("answered", "k1", "11-01 10:00:10"),
    call_event("ended", "k1", "11-01 10:01:50.900"),
    call_event("answered", "k2", "11-01 10:00:10"),
    call_event("ended", "k2", "11-01 09:59:00"),
    call_event("answered", "k3", "11-01 10:00:10"),
    call_event("ended", "k3", "11-01 10:05:00", duration="a while"),
    call_event("ended", "k3", "11-01 10:06:00", duration=" 30 "),
    call_event("answered", "k4", "11-01 10:00:10"),
    call_event("answered", "k5", "11-01 10:00:10", by="machine"),
    call_event("ended", "k5", "11-01 10:01:10"),
)
def test_talk_time_is_as_given_first_else_from_the_human_answer_to_the_end_else_unknown(reports):
    talk = {found["call_id"]: found["talk_seconds"] for found in reports.rows("marts.fct_calls")}
    assert talk == {"k1": 100, "k2": 0, "k3": 30, "k4": None, "k5": None}
    assert reports.calling()["average_call_seconds"] == (100 + 0 + 30) / 3


@given(
    *call("k1", "11-01 10:00"),
    call_event("outcome_recorded", "k1", "11-05 10:00", outcome=" Lead "),
    call_event("outcome_recorded", "k1", "11-06 10:00", outcome="Lead"),
    call_event("outcome_recorded", "k1", "11-06 10:00", outcome="Deal closed"),
    *call("k2", "11-02 10:00"),
    call_event("outcome_recorded", "k2", "11-02 10:00", outcome="Lead"),
    call_event("outcome_recorded", "k2", "11-02 10:00", outcome="Voicemail"),
)
def test_a_call_counts_once_per_outcome_and_is_dated_by_its_dialing(reports):
    report = reports.calling("11-01", "11-01")
    assert (report["leads"], report["deals_closed"], report["call_to_lead_rate"], report["lead_to_deal_rate"]) == (1, 1, 1.0, 1.0)
    assert reports.ask("call_outcome_report") == [
        {"outcome": "Lead", "calls": 2, "share": 0.5},
        {"outcome": "Deal closed", "calls": 1, "share": 0.25},
        {"outcome": "Voicemail", "calls": 1, "share": 0.25},
    ]


@given(
    account_row(timezone="Asia/Kolkata"),
    call_event("answered", "k1", "11-01 18:00"),
    call_event("dialed", "k1", "11-01 18:30"),  # midnight in Kolkata
    call_event("ended", "k2", "11-01 18:29"),
)
def test_a_call_without_a_dialed_event_is_dated_by_its_earliest(reports):
    days = {day["date_day"].isoformat(): day["calls_dialed"] for day in reports.ask("calling_by_day", "11-01", "11-02")}
    assert days == {"2026-11-01": 1, "2026-11-02": 1}


@given(*call("k1", "11-01 10:00", campaign="c1"), *call("k2", "11-01 10:00"))
def test_calls_of_a_campaign_are_those_that_name_it(reports):
    assert [(c["campaign_id"], c["calls_dialed"]) for c in reports.ask("calling_by_campaign")] == [("c1", 1)]
    assert reports.calling(campaign="c1")["calls_dialed"] == 1


@given(
    *call("k1", "11-01 10:00", 100, user_id="u1"),
    *call("k2", "11-02 10:00", 30, user_id="u1", campaign="c1"),
    *call("k3", "11-02 10:00", 30),
)
def test_calls_count_for_who_made_them_and_those_of_nobody_known_stand_alone(reports):
    of_one, of_nobody = reports.ask("calling_by_user")
    assert (of_one["user_id"], of_one["calls_dialed"], of_one["conversations"], of_one["average_call_seconds"]) == ("u1", 2, 1, 65.0)
    assert (of_nobody["user_id"], of_nobody["calls_dialed"], of_nobody["average_call_seconds"]) == (None, 1, 30.0)
    assert [row["calls_dialed"] for row in reports.ask("calling_by_user", campaign="c1")] == [1]


@given(
    *call("k1", "11-01 10:00", 100, price="0.014"),
    *call("k2", "11-01 10:00", 100),
    call_event("outcome_recorded", "k2", "11-01 11:00", outcome="Deal closed"),
    row("call_attributes", call_id="k2", price="-0.028", updated_at="2026-11-03T00:00:00Z"),
    *call("k3", "11-01 10:00", 30),
    *call("k4", "11-01 10:00", 30, direction="inbound", price="9"),
)
def test_call_cost_is_what_the_outbound_calls_cost_that_have_a_price(reports):
    report = reports.calling()
    assert [report[name] for name in ("call_cost", "priced_calls", "cost_per_deal")] == [0.042, 2, 0.042]


def test_an_unknown_account_has_no_calls(reports):
    assert set(reports.calling().values()) == {0, None}
