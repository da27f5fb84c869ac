"""The rulings on the Messaging KPIs: landing rows, and the reports they give."""

from __future__ import annotations

from datetime import date

import pytest
from oracle import LandedRow
from stories import account_row, campaign_row, contact_event, given, manual, message_event, received, row, sent

# -- days, ranges and what counts


@given(
    account_row(timezone="America/New_York"),
    sent("m1", "11-02 04:59"),  # 1 November, 23:59 in New York
    sent("m2", "11-02 05:00"),  # midnight
)
def test_a_day_is_the_local_calendar_day_of_the_account(reports):
    assert reports.messaging("11-01", "11-01")["sms_sent"] == 1
    assert reports.messaging("11-02", "11-02")["sms_sent"] == 1


@given(account_row(timezone="Mars/Base"), sent("m1", "11-02 00:00"))
def test_an_unknown_timezone_is_utc(reports):
    assert reports.messaging("11-02", "11-02")["sms_sent"] == 1


@given(sent("m1", "11-01 00:00"), sent("m2", "11-03 23:59"), sent("m3", "11-04 00:00"))
def test_a_range_includes_both_of_its_days(reports):
    assert reports.messaging("11-01", "11-03")["sms_sent"] == 2


@given(
    message_event("sent", "m1", "11-02 10:00", occurred_at="2026-11-02T23:30:00"),
    message_event("sent", "m2", "11-02 10:00", occurred_at="2026-11-03 01:30:00+02:00"),
    message_event("sent", "m3", "11-02 10:00", occurred_at=" 2026-11-02T23:30Z "),
)
def test_a_time_without_an_offset_is_utc_and_one_with_an_offset_is_not(reports):
    assert reports.messaging("11-02", "11-02")["sms_sent"] == 3


def test_an_unknown_account_has_a_row_of_zeros_and_nulls(reports):
    report = reports.messaging()
    assert {name for name, value in report.items() if value is None} == {
        "carrier_block_rate", "delivery_rate", "opt_out_rate", "ai_filtering_rate", "reply_rate", "median_response_seconds",
        "sms_to_lead_rate", "contact_to_lead_rate", "sms_cost", "cost_per_reply", "cost_per_lead",
    }  # fmt: skip
    assert set(report.values()) == {0, None}


@given(sent("m1", "11-02 10:00"))
def test_a_range_that_ends_before_it_starts_is_empty(reports):
    assert reports.messaging("11-05", "11-01")["sms_sent"] == 0
    assert reports.ask("messaging_by_day", "11-05", "11-01") == []


# -- messages


@given(sent("m1", "11-02 10:00"), manual("m2", "11-02 11:00", campaign="c1"))
def test_manual_messages_count_as_sent_and_not_as_campaign_messages(reports):
    report = reports.messaging()
    assert (report["sms_sent"], report["campaign_messages"]) == (2, 1)


@given(sent("m1", "11-02 10:00", channel="mms", body="x" * 500), sent("m2", "11-02 10:00", channel="mms", segments="3"))
def test_mms_counts_as_sent_and_as_one_segment_unless_given(reports):
    report = reports.messaging()
    assert (report["sms_sent"], report["sms_segments_sent"]) == (2, 1 + 3)


@given(message_event("sent", "m1", "11-02 10:00", campaign="c1"), message_event("sent", "m2", "11-02 10:00"))
def test_a_missing_origin_is_campaign_and_without_a_campaign_it_is_no_campaign_message(reports):
    report = reports.messaging()
    assert (report["sms_sent"], report["campaign_messages"]) == (2, 1)


@given(
    message_event("delivered", "m1", "11-03 10:00", campaign="c1"),
    message_event("undelivered", "m1", "11-02 10:00", campaign="c1"),
)
def test_without_a_sent_event_a_message_is_dated_by_its_earliest(reports):
    assert reports.messaging("11-02", "11-02")["sms_sent"] == 1


@given(
    message_event("delivered", "m1", "11-01 09:00", campaign="c2", template="t2"),
    sent("m1", "11-01 10:00", campaign="c1", template=None),
)
def test_attributes_are_the_first_that_are_not_missing_of_sent_first(reports):
    (message,) = reports.rows("marts.fct_messages")
    assert (message["campaign_id"], message["template_id"]) == ("c1", "t2")


@given(
    message_event("delivered", "m1", "11-01 10:00", campaign="c1"),
    message_event("carrier_blocked", "m1", "11-01 10:01", campaign="c1"),
    sent("m1", "11-01 10:02"),
    message_event("carrier_blocked", "m2", "11-01 10:03"),
    message_event("undelivered", "m2", "11-01 10:04"),
    sent("m2", "11-01 10:02"),
    message_event("undelivered", "m3", "11-01 10:04"),
    sent("m3", "11-01 10:02"),
    sent("m4", "11-01 10:02"),
)
def test_status_does_not_depend_on_the_order_of_arrival(reports):
    status = {message["message_id"]: message["status"] for message in reports.rows("marts.fct_messages")}
    assert status == {"m1": "delivered", "m2": "carrier_blocked", "m3": "undelivered", "m4": "sent"}


@given(
    sent("m1", "11-01 10:00"),
    message_event("undelivered", "m1", "11-01 10:01", provider="twilio", error_code="30007"),
    sent("m2", "11-01 10:00"),
    message_event("undelivered", "m2", "11-01 10:01", provider="twilio", error_code="30003"),
    sent("m3", "11-01 10:00"),
    message_event("undelivered", "m3", "11-01 10:01", provider="telnyx", error_code="30007"),
    sent("m4", "11-01 10:00", provider="twilio", error_code="30007"),
)
def test_an_undelivered_message_is_carrier_blocked_where_provider_and_code_are_listed(reports):
    report = reports.messaging()
    assert (report["carrier_blocked_messages"], report["campaign_messages"], report["carrier_block_rate"]) == (1, 4, 0.25)


@given(
    sent("m1", "11-02 10:00", contact="p1"),
    sent("m1", "11-02 10:00", contact="p2"),
)
def test_one_message_id_of_two_contacts_is_two_messages(reports):
    assert reports.messaging()["sms_sent"] == 2


@given(
    sent("m1", "11-02 10:00", body="x" * 161),
    sent("m2", "11-02 10:00", body="x" * 161, segments="1"),
    sent("m3", "11-02 10:00", body="x" * 161, segments="0"),
    sent("m4", "11-02 10:00", body="x" * 161, segments="two"),
    sent("m5", "11-02 10:00"),
    sent("m6", "11-02 10:00", segments="4.0"),
)
def test_segments_are_as_given_when_a_positive_whole_number_and_else_computed(reports):
    segments = {message["message_id"]: message["segments"] for message in reports.rows("marts.fct_messages")}
    assert segments == {"m1": 2, "m2": 1, "m3": 2, "m4": 2, "m5": 1, "m6": 4}
    assert reports.messaging()["sms_segments_sent"] == 12


# -- first messages, contacts


@given(
    sent("m1", "11-01 10:00"),
    message_event("delivered", "m1", "11-01 10:01"),
    sent("m2", "11-03 10:00"),
    message_event("delivered", "m2", "11-03 10:01"),
    sent("m3", "11-03 10:00", contact="p2"),
    sent("m4", "11-03 11:00", campaign="c2"),
)
def test_only_the_first_message_of_a_campaign_counts_for_delivery(reports):
    report = reports.messaging()
    assert (report["first_messages"], report["delivered_first_messages"], report["delivery_rate"]) == (3, 1, 1 / 3)


@given(sent("m1", "10-20 10:00"), sent("m2", "11-03 10:00"))
def test_a_first_message_is_the_first_over_all_time_and_not_of_the_range(reports):
    report = reports.messaging()
    assert (report["campaign_messages"], report["first_messages"], report["delivery_rate"]) == (1, 0, None)


@given(sent("m2", "11-01 10:00"), sent("m1", "11-01 10:00"))
def test_of_two_messages_at_the_same_time_the_lower_id_is_first(reports):
    first = {message["message_id"]: message["is_first_message"] for message in reports.rows("marts.fct_messages")}
    assert first == {"m1": True, "m2": False}


@given(
    sent("m1", "11-01 10:00"),
    sent("m2", "11-02 10:00", campaign="c2"),
    sent("m3", "11-02 10:00", contact="p2"),
    manual("m4", "11-02 10:00", contact="p3"),
)
def test_contacts_are_distinct_over_days_and_campaigns_and_manual_messages_reach_none(reports):
    assert reports.messaging()["contacts"] == 2
    assert [day["contacts"] for day in reports.ask("messaging_by_day", "11-01", "11-02")] == [1, 2]
    by_campaign = {campaign["campaign_id"]: campaign["contacts"] for campaign in reports.ask("messaging_by_campaign")}
    assert by_campaign == {"c1": 2, "c2": 1}


# -- attribution


@given(
    sent("m1", "11-01 10:00", campaign="c1", template="t1"),
    sent("m2", "11-02 10:00", campaign="c2", template="t2"),
    received("r1", "11-01 12:00"),
    received("r2", "11-02 10:00"),
    received("r3", "11-01 09:59"),
)
def test_a_reply_belongs_to_the_latest_campaign_message_at_or_before_it(reports):
    found = {reply["message_id"]: (reply["campaign_id"], reply["template_id"]) for reply in reports.rows("marts.fct_replies")}
    assert found == {"r1": ("c1", "t1"), "r2": ("c2", "t2"), "r3": (None, None)}


@given(
    sent("m1", "11-01 10:00", campaign="c1", template="t1"),
    sent("m2", "11-02 10:00", campaign="c2", template="t2"),
    received("r1", "11-03 10:00", campaign="c1"),
    received("r2", "11-03 10:00", campaign="c1", template="t9"),
    received("r3", "11-03 10:00", template="t9"),
    received("r4", "11-03 10:00", campaign="c3"),
)
def test_a_reply_that_names_its_campaign_takes_the_latest_template_of_that_campaign(reports):
    found = {reply["message_id"]: (reply["campaign_id"], reply["template_id"]) for reply in reports.rows("marts.fct_replies")}
    assert found == {"r1": ("c1", "t1"), "r2": ("c1", "t9"), "r3": ("c2", "t9"), "r4": ("c3", None)}


@given(sent("m2", "11-01 10:00", campaign="c2"), sent("m1", "11-01 10:00", campaign="c1"), received("r1", "11-01 10:00"))
def test_of_two_campaign_messages_at_the_same_time_the_higher_id_is_the_latest(reports):
    assert reports.rows("marts.fct_replies")[0]["campaign_id"] == "c2"


@given(
    sent("m1", "11-01 10:00", template="t1"),
    manual("m2", "11-01 11:00"),
    manual("m3", "11-01 11:00", campaign="c2"),
    manual("m4", "11-01 09:00"),
)
def test_a_manual_message_takes_the_campaign_but_never_a_template(reports):
    found = {m["message_id"]: (m["campaign_id"], m["template_id"]) for m in reports.rows("marts.fct_messages")}
    assert found == {"m1": ("c1", "t1"), "m2": ("c1", None), "m3": ("c2", None), "m4": (None, None)}


@given(received("r1", "11-01 10:00"))
def test_what_is_attributed_to_nothing_counts_only_where_nothing_is_chosen(reports):
    assert reports.messaging()["replies_received"] == 1
    assert reports.messaging(campaign="c1")["replies_received"] == 0
    assert reports.messaging(template="t1")["replies_received"] == 0
    assert reports.ask("messaging_by_campaign") == []


# -- replies


@given(
    sent("m1", "11-01 10:00", template="t1"),
    received("r1", "11-01 11:00"),
    sent("m2", "11-02 10:00", template="t2"),
    received("r2", "11-02 11:00"),
)
def test_a_contact_who_replies_twice_counts_once_at_the_step_it_answered_first(reports):
    report = reports.messaging()
    assert (report["replies_received"], report["responded_contacts"], report["reply_rate"]) == (2, 1, 1.0)
    responded = {template["template_id"]: template["responded_contacts"] for template in reports.ask("messaging_by_template")}
    assert responded == {"t1": 1, "t2": 0}


@given(sent("m1", "10-20 10:00"), received("r1", "10-20 11:00"), sent("m2", "11-02 10:00"), received("r2", "11-02 11:00"))
def test_a_second_reply_never_counts_again_in_another_range(reports):
    report = reports.messaging()
    assert (report["replies_received"], report["responded_contacts"], report["reply_rate"]) == (1, 0, 0.0)


@given(
    sent("m1", "11-01 10:00", campaign="c1"),
    received("r1", "11-01 11:00"),
    sent("m2", "11-02 10:00", campaign="c2"),
    received("r2", "11-02 11:00"),
)
def test_first_replies_to_two_campaigns_are_one_contact_and_one_in_each(reports):
    assert reports.messaging()["responded_contacts"] == 1
    by_campaign = {campaign["campaign_id"]: campaign["responded_contacts"] for campaign in reports.ask("messaging_by_campaign")}
    assert by_campaign == {"c1": 1, "c2": 1}


@given(sent("m1", "10-31 10:00"), sent("m2", "10-31 10:00", contact="p2"), sent("m3", "11-01 10:00", contact="p3"),
       received("r1", "11-01 11:00"), received("r2", "11-01 11:00", contact="p2"))  # fmt: skip
def test_a_short_range_can_exceed_one(reports):
    assert reports.messaging("11-01", "11-01")["reply_rate"] == 2.0


# -- opt-outs, AI filtering


OPT_OUTS = [
    "STOP", "stop", " Stop. ", "STOPALL", "Stop all!", "unsubscribe", "cancel", "end", "quit", "REVOKE", "optout", "opt out",
    "Opt-Out", "please remove me", "Don’t text me again", "don't contact us", "do   not\ntext", "Kindly UNSUBSCRIBE me.",
    "opt me out", "take me off your list", "stop texting", "stop messaging me", "do not contact",
    "remove", "arret", "ARRÊT", "arre\u0302t", "please stop", "Stop, please", "stop it!", "stop sending me these", "stop contacting me",
    "No more texts", "no more messages", "dont text", "do not message me", "don‘t message", "don´t contact", "don`t text", "donʼt text",
    "st\u00adop", "S\u200bTOP", "\ufeffstop", "\u202estop\u202c", "stop\u00a0all", "stop texting \ufffd",
]  # fmt: skip
OTHER_TEXTS = [
    "nonstop", "I quit my job", "the end", "remove mean words", "opt outs", "please stop by", "remove it", "stop\u0301", "👋", "", None,
]  # fmt: skip


@pytest.mark.parametrize("body", OPT_OUTS + OTHER_TEXTS)
@given(*(received(f"r{number}", "11-01 11:00", body=body) for number, body in enumerate(OPT_OUTS + OTHER_TEXTS)))
def test_opt_out_language(reports, body):
    found = {reply["message_id"]: reply["is_opt_out"] for reply in reports.rows("marts.fct_replies")}
    assert found[f"r{(OPT_OUTS + OTHER_TEXTS).index(body)}"] == (body in OPT_OUTS)


@given(
    sent("m1", "11-01 10:00"),
    sent("m2", "11-01 10:00", contact="p2"),
    received("r1", "11-01 11:00", body="STOP"),
    contact_event("opted_out", "11-01 11:01"),
    contact_event("opted_out", "11-02 11:01"),
    contact_event("ai_filtered", "11-02 11:01"),
    contact_event("ai_filtered", "11-03 11:01"),
)
def test_a_contact_opts_out_and_is_filtered_once_however_often_it_is_said(reports):
    report = reports.messaging()
    assert (report["opted_out_contacts"], report["opt_out_rate"]) == (1, 0.5)
    assert (report["ai_filtered_contacts"], report["ai_filtering_rate"]) == (1, 0.5)
    assert [day["opted_out_contacts"] for day in reports.ask("messaging_by_day", "11-01", "11-03")] == [1, 1, 0]


# -- response times


def answered_after(*minutes: int) -> list[LandedRow]:
    """A thread a day, each with an inbound message at ten and an answer so many minutes later."""
    rows = []
    for day, wait in enumerate(minutes, start=1):
        rows += [received(f"r{day}", f"11-0{day} 10:00"), manual(f"a{day}", f"11-0{day} {10 + wait // 60}:{wait % 60:02}")]
    return rows


@given(*answered_after(20, 30, 40, 50, 60))
def test_the_median_of_20_30_40_50_60_is_40(reports):
    assert reports.messaging()["median_response_seconds"] == 40 * 60


@given(*answered_after(10, 20, 30, 40, 50, 60))
def test_the_median_of_10_20_30_40_50_60_is_35(reports):
    assert reports.messaging()["median_response_seconds"] == 35 * 60


@given(
    received("r1", "11-01 10:00"),
    received("r2", "11-01 10:05"),
    sent("m1", "11-01 10:06"),
    manual("a1", "11-01 10:10"),
    manual("a2", "11-01 10:20"),
    sent("m2", "11-01 10:30"),
    received("r3", "11-01 10:40"),
)
def test_a_wait_lasts_from_the_first_unanswered_message_to_the_next_manual_one(reports):
    waits = reports.rows("marts.fct_response_times")
    assert [(wait["answer_message_id"], wait["response_seconds"]) for wait in waits] == [("a1", 600.0)]


@given(
    received("r1", "11-01 10:00", number="+1"),
    manual("a1", "11-01 10:10", number="+2"),
    received("r2", "11-01 10:20"),
    manual("a2", "11-01 10:21"),
    manual("a3", "11-01 10:30", number="+1"),
)
def test_each_number_is_a_thread_and_a_missing_one_is_a_number_of_its_own(reports):
    waits = {wait["answer_message_id"]: wait["response_seconds"] for wait in reports.rows("marts.fct_response_times")}
    assert waits == {"a2": 60.0, "a3": 1800.0}


@given(manual("a1", "11-01 10:00"), received("r1", "11-01 10:00"), received("r2", "11-01 10:30"), manual("a2", "11-01 10:31"))
def test_at_the_same_instant_the_inbound_message_comes_first(reports):
    waits = {wait["answer_message_id"]: wait["response_seconds"] for wait in reports.rows("marts.fct_response_times")}
    assert waits == {"a1": 0.0, "a2": 60.0}


@given(sent("m1", "10-31 10:00", template="t1"), received("r1", "10-31 23:50"), manual("a1", "11-01 00:20"))
def test_a_response_time_is_dated_by_its_answer_and_no_filter_applies(reports):
    assert reports.messaging("10-31", "10-31")["median_response_seconds"] is None
    assert reports.messaging(campaign="other", template="other")["median_response_seconds"] == 1800
    assert reports.messaging(campaign="other")["sms_sent"] == 0


# -- leads, campaigns, labels


@given(
    sent("m1", "11-01 10:00", template="t1"),
    contact_event("lead_created", "11-01 12:00"),
    contact_event("lead_created", "11-02 12:00", campaign="c1"),
    contact_event("lead_created", "11-02 12:00", campaign="c2"),
    contact_event("lead_created", "11-02 12:00", contact="p2"),
    contact_event("lead_created", "11-03 12:00", contact="p2"),
)
def test_a_lead_is_the_first_of_its_contact_and_campaign_and_without_one_of_its_contact(reports):
    report = reports.messaging()
    assert (report["leads"], report["sms_to_lead_rate"], report["contact_to_lead_rate"]) == (3, 3.0, 3.0)
    assert reports.messaging(campaign="c1", template="t1")["leads"] == 1
    assert [day["leads"] for day in reports.ask("messaging_by_day", "11-01", "11-03")] == [1, 2, 0]


@given(
    campaign_row("c1", "11-01 10:00"),
    campaign_row("c2", "11-02 10:00", "keyword"),
    campaign_row("c3", "10-02 10:00"),
    campaign_row("c4", "11-02 10:00", "other"),
)
def test_campaigns_count_by_their_creation_and_the_template_filter_does_not_apply(reports):
    for report in (reports.messaging(), reports.messaging(template="t1")):
        assert (report["campaigns_created"], report["standard_campaigns"], report["keyword_campaigns"]) == (3, 1, 1)
    assert reports.messaging(campaign="c2")["campaigns_created"] == 1


@given(
    row("labels", label_id="l1", label_name="Hot", updated_at="2026-10-01T00:00:00Z"),
    contact_event("label_added", "11-01 10:00", label="l1"),
    contact_event("label_added", "11-02 10:00", label="l1"),
    contact_event("label_added", "11-02 10:00", label="l1", contact="p2"),
    contact_event("label_added", "11-02 10:00", label="l2"),
    contact_event("label_added", "11-02 10:00"),
)
def test_labels_count_distinct_contacts_and_an_unknown_one_is_kept(reports):
    assert reports.ask("label_report") == [
        {"label_id": "l1", "label_name": "Hot", "contacts": 2, "share": 2 / 3},
        {"label_id": "l2", "label_name": None, "contacts": 1, "share": 1 / 3},
    ]


# -- breakdowns


@given(sent("m1", "11-02 10:00"))
def test_by_day_has_every_day_of_the_range_an_empty_one_too(reports):
    found = [(day["date_day"], day["sms_sent"], day["delivery_rate"]) for day in reports.ask("messaging_by_day", "11-01", "11-03")]
    assert found == [(date(2026, 11, 1), 0, None), (date(2026, 11, 2), 1, 0.0), (date(2026, 11, 3), 0, None)]


@given(
    row("message_templates", template_id="t1", template_name="Hello", updated_at="2026-10-01T00:00:00Z"),
    *(sent(f"m{n}", "11-02 10:00", template="t1", contact=f"p{n}") for n in range(10)),
    message_event("carrier_blocked", "m0", "11-02 10:01", contact="p0"),
    received("r1", "11-02 10:10", template="t2"),
)
def test_by_template_has_the_wilson_interval_of_the_carrier_block_rate(reports):
    flagged, other = reports.ask("messaging_by_template")
    assert (flagged["template_name"], flagged["carrier_block_rate"]) == ("Hello", 0.1)
    # 1 of 10, as every table of Wilson's interval has it.
    assert flagged["carrier_block_rate_low"] == pytest.approx(0.01788, abs=1e-5)
    assert flagged["carrier_block_rate_high"] == pytest.approx(0.40415, abs=1e-5)
    assert (other["template_id"], other["carrier_block_rate_low"], other["carrier_block_rate_high"]) == ("t2", None, None)


@given(
    sent("m1", "11-10 10:00"),
    received("r1", "11-10 11:00", body="Stop"),
    # One confirmation is lawful: five minutes are not more than five minutes.
    manual("m2", "11-10 11:05"),
    manual("m3", "11-10 11:05:01"),
    sent("m4", "11-11 10:00", campaign="c2", template="t2"),
    # At the same instant the opt-in comes after the opt-out, and holds at once.
    received("r2", "11-12 10:00", body=" unstop! "),
    sent("m5", "11-12 10:00"),
    sent("m6", "11-12 10:10"),
    contact_event("opted_out", "11-13 10:00"),
    contact_event("opted_in", "11-13 10:00"),
    sent("m7", "11-13 11:00"),
    contact_event("opted_out", "11-14 10:00"),
    sent("m8", "11-14 10:30"),
    contact_event("opted_out", "11-14 10:28"),
    sent("m9", "11-14 10:30", contact="someone else"),
)
def test_a_message_after_an_opt_out_is_one_more_than_five_minutes_later_with_no_opt_in_between(reports):
    listed = [(row["message_id"], row["opted_out_at"].strftime("%d %H:%M")) for row in reports.ask("messages_after_opt_out")]
    assert listed == [("m3", "10 11:00"), ("m4", "10 11:00"), ("m8", "14 10:00")]
    (of_campaign,) = reports.ask("messages_after_opt_out", campaign="c2")
    assert (of_campaign["message_id"], of_campaign["template_id"], of_campaign["date_day"]) == ("m4", "t2", date(2026, 11, 11))
    assert [row["message_id"] for row in reports.ask("messages_after_opt_out", template="t2")] == ["m4"]
    assert reports.ask("messages_after_opt_out", "11-12", "11-13") == []
    assert [row["messages_after_opt_out"] for row in (reports.messaging(), reports.messaging(template="t2"))] == [3, 1]


# -- money


@given(
    sent("m1", "11-02 10:00", price="-0.0079"),
    manual("m2", "11-02 11:00", price=" 0.0079 "),
    sent("m3", "11-02 10:00", price="free"),
    sent("m4", "11-02 10:00"),
    received("r1", "11-02 12:00", price="0.5"),
    received("r2", "11-02 13:00"),
    contact_event("lead_created", "11-03 09:00"),
)
def test_cost_is_what_the_outbound_messages_cost_that_have_a_price_without_its_sign(reports):
    report = reports.messaging()
    assert [report[name] for name in ("sms_cost", "priced_messages", "cost_per_reply", "cost_per_lead")] == [0.0158, 2, 0.0079, 0.0158]
    unpriced = reports.messaging("11-03", "11-03")
    assert [unpriced[name] for name in ("sms_cost", "priced_messages", "cost_per_reply", "cost_per_lead")] == [None, 0, None, None]


# -- hours, steps and who answers


@given(
    account_row(timezone="America/New_York"),
    sent("m1", "11-03 04:59", contact="p1", campaign="c1"),  # Monday, 23:59 in New York
    received("r1", "11-06 04:59", contact="p1"),  # 72 hours later
    sent("m2", "11-03 04:00", contact="p2", campaign="c1"),
    received("r2", "11-06 04:00:00.001", contact="p2"),
    sent("m3", "11-03 04:00", contact="p3", campaign="c1"),
    received("r3", "11-03 03:59", contact="p3", campaign="c1"),
    received("r4", "11-03 04:30", contact="p3", campaign="c1"),
    sent("m4", "11-03 04:59:30", contact="p1", campaign="c1"),
    manual("m5", "11-03 04:45", contact="p1"),
)
def test_an_hour_of_the_week_is_the_accounts_and_its_first_messages_are_answered_within_72_hours(reports):
    hours = {(row["weekday"], row["hour"]): row for row in reports.ask("messaging_by_hour", "11-02", "11-02")}
    assert list(hours) == [(weekday, hour) for weekday in range(1, 8) for hour in range(24)]
    busy = hours[1, 23]
    assert [busy[name] for name in ("sms_sent", "replies_received", "first_messages", "answered_first_messages")] == [5, 1, 3, 1]
    assert busy["answered_rate"] == 1 / 3
    assert (round(busy["answered_rate_low"], 4), round(busy["answered_rate_high"], 4)) == (0.0615, 0.7923)
    # Its first reply came before it, so that the later one is none.
    assert hours[1, 22]["replies_received"] == 1
    idle = hours[2, 0]
    assert (idle["sms_sent"], idle["answered_rate"], idle["answered_rate_low"]) == (0, None, None)


@given(
    *(sent(f"m{n:02}", f"11-{n:02} 10:00", campaign="c1") for n in range(1, 13)),
    sent("x1", "11-02 09:00", campaign="c2"),
    received("r1", "11-02 11:00"),
    received("r2", "11-12 11:00", body="stop"),
    sent("y1", "11-01 10:00", contact="p2", campaign="c1"),
    received("r3", "11-01 09:00", contact="p2", campaign="c1"),
)
def test_a_step_is_a_messages_place_in_its_campaign_and_a_reply_is_of_the_step_it_answered(reports):
    steps = {row["step"]: row for row in reports.ask("messaging_by_step", campaign="c1")}
    assert {step: row["campaign_messages"] for step, row in steps.items()} == {1: 2} | dict.fromkeys(range(2, 10), 1) | {10: 3}
    assert {step: row["contacts"] for step, row in steps.items()} == {1: 2} | dict.fromkeys(range(2, 11), 1)
    assert {step: row["responded_contacts"] for step, row in steps.items() if row["responded_contacts"]} == {2: 1}
    assert {step: row["opted_out_contacts"] for step, row in steps.items() if row["opted_out_contacts"]} == {10: 1}
    (first,) = reports.ask("messaging_by_step", "11-02", "11-02", campaign="c2")
    assert (first["step"], first["contacts"], first["reply_rate"], first["reply_rate_low"]) == (1, 1, 0.0, 0.0)


@given(
    received("r1", "11-02 10:00"),
    manual("a1", "11-02 10:05", user_id="u1"),
    received("r2", "11-02 11:00"),
    manual("a2", "11-02 11:05:00.001", user_id="u1"),
    received("r3", "11-03 10:00"),
    manual("a3", "11-03 11:00"),
)
def test_a_response_is_of_who_answered_and_quick_within_five_minutes(reports):
    of_one, of_nobody = reports.ask("responses_by_user")
    assert of_one == {
        "user_id": "u1", "responses": 2, "median_response_seconds": 300.0005, "p90_response_seconds": 300.0009, "within_5_minutes": 0.5,
        "median_business_seconds": 300.0005,
    }  # fmt: skip
    assert (of_nobody["user_id"], of_nobody["responses"], of_nobody["median_response_seconds"]) == (None, 1, 3600.0)
    assert reports.ask("responses_by_user", "11-04", "11-30") == []
