"""No account sees another's numbers, whatever the ids and the hierarchy."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest
from comparison import REPORTS
from harness import NIGHTLY, Warehouse, ask, filters_of, warehouse_in
from oracle import LandedRow
from stories import at, call, contact_event, event, manual, of_account, received, row, sent

HOSTILE = [
    "acme", "Acme", "acme ltd", "аcme", "ａcme", "acme\u200b", "acme%", "_cme", "%", "*", "null", "NULL", "none", "' or '1'='1", "acme'--",
    "\"acme\"",
    "acme/*", "a\\b", "$account", "{{ account }}", "account", "campaign", "true", "0", "../acme", "acme;", "acme\nacme", "é", "e\u0301",
    "=1+1",
]  # fmt: skip
# Each account asks for one in so many of the other accounts' ids.
EVERY = 6 if NIGHTLY else 15
START, END = date(2026, 11, 1), date(2026, 11, 30)


def messages_of(number: int) -> int:
    """How many messages the account with this number has: no other account, and no sum of two, has as many."""
    return 3**number if number < 5 else 300 + 7 * number


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Accounts, campaigns and templates with hostile ids; each account has a campaign and a template named like every other account."""
    folder = tmp_path_factory.mktemp("hostile")
    warehouse = warehouse_in(folder)
    rows: list[LandedRow] = []
    for number, account in enumerate(HOSTILE):
        own = [row("accounts", timezone="UTC", updated_at=at("10-01 00:00"))]
        for n in range(messages_of(number)):
            other = HOSTILE[n % len(HOSTILE)]
            own.append(sent(f"m{n}", "11-10 10:00", contact=f"of {number} {n}", campaign=other, template=other))
        own.append(received("r", "11-10 11:00", contact=f"of {number} 0"))
        own.append(contact_event("label_added", "11-10 12:00", contact=f"of {number} 0", label=account))
        own += call("c", "11-10 13:00", 100, contact=f"of {number} 0", campaign=HOSTILE[0])
        # A contact opts out and is written to, which belongs to no campaign.
        own.append(received("s", "11-10 14:00", contact=f"of {number} stopped", body="stop"))
        own.append(manual("a", "11-10 14:10", contact=f"of {number} stopped", user_id=f"u{number}"))
        rows += of_account(account, *own)
    warehouse.landing.deliver(rows)
    warehouse.build()
    return warehouse


@pytest.mark.parametrize("function", REPORTS)
def test_no_report_answers_with_another_accounts_numbers(hostile: Warehouse, function: str) -> None:
    asked = 0
    with hostile.connect() as db:
        for number, account in enumerate(HOSTILE):
            # What the account has itself, counted by hand.
            own = [HOSTILE[n % len(HOSTILE)] for n in range(messages_of(number))]
            # Its own id, one that other accounts use, and some of the others in turn.
            for value in [None, account, HOSTILE[0], *HOSTILE[number % EVERY :: EVERY]]:
                known = filters_of(function)
                # Without a value, the filters by name would ask the same.
                for names in {tuple(known)} if value is None else {tuple(known[:1]), tuple(known)}:
                    chosen = dict.fromkeys(names, value)
                    answer = ask(db, function, account, START, END, **chosen)
                    is_whole = value is None or not chosen
                    expected = len(own) if is_whole else own.count(value)
                    if function == "responses_by_user":
                        assert [(r["user_id"], r["responses"]) for r in answer] == [(f"u{number}", 1)]
                    elif function == "messages_after_opt_out":
                        assert [r["message_id"] for r in answer] == (["a"] if is_whole else []), (account, chosen)
                    elif function == "label_report":
                        tagged = value is None or value == own[0]
                        assert [(r["label_id"], r["contacts"]) for r in answer] == ([(account, 1)] if tagged else []), (account, chosen)
                    elif function == "compare_templates":
                        sent = [r["value_a"] for r in answer if r["kpi"] == "sms_sent"]
                        assert sent == ([expected] if chosen.keys() == set(known) and value and expected else []), (account, chosen)
                    elif function == "messaging_by_step":
                        assert sum(r["campaign_messages"] for r in answer) == expected, (account, chosen)
                    elif function.startswith("messaging"):
                        manual_ones = is_whole and function in ("messaging_report", "messaging_by_day", "messaging_by_hour")
                        assert sum(r["sms_sent"] for r in answer) == expected + manual_ones, (account, chosen)
                    elif function != "call_outcome_report":
                        assert sum(r["calls_dialed"] for r in answer) == (value in (None, HOSTILE[0])), (account, chosen)
                    asked += 1
        for nobody in ("ACME", " acme", "acme ", "acm", "acme' ", "' or true --", ""):
            answer = ask(db, function, nobody, START, END)
            assert all(not value for r in answer for name, value in r.items() if name not in ("date_day", "weekday", "hour")), nobody
    assert asked >= len(HOSTILE) * (3 + len(HOSTILE) // EVERY)


def test_no_published_table_mixes_accounts(hostile: Warehouse) -> None:
    with hostile.connect() as db:
        for number, account in enumerate(HOSTILE):
            own = "select count(*), count(*) filter (where starts_with(contact_id, $2)) from marts.fct_messages where account_id = $1"
            # Those of its campaigns, and the manual one.
            assert db.execute(own, [account, f"of {number} "]).fetchone() == (messages_of(number) + 1,) * 2
        by_day = "select account_id, sum(sms_sent) from marts.messaging_kpis_daily group by account_id"
        assert dict(db.execute(by_day).fetchall()) == {account: messages_of(number) + 1 for number, account in enumerate(HOSTILE)}


def access(warehouse: Warehouse) -> set[tuple[str, str]]:
    with warehouse.connect() as db:
        return set(db.execute("select viewer_account_id, account_id from marts.account_access").fetchall())


def test_who_is_moved_gains_and_loses_access_with_the_next_build_and_loops_are_tops(warehouse: Warehouse) -> None:
    def account(name: str, parent: str | None, moment: str = "10-01 00:00") -> LandedRow:
        return row("accounts", account_id=name, parent_account_id=parent, timezone="UTC", updated_at=at(moment))

    def user(moment: str, account_id: str) -> LandedRow:
        return row("users", user_id="u1", account_id=account_id, email="Ann@example.com ", updated_at=at(moment))

    warehouse.landing.deliver([
        account("agency", None), account("other", None), account("shop", "agency"), account("branch", "shop"),
        account("self", "self"), account("ring1", "ring2"), account("ring2", "ring1"), account("below ring", "ring1"),
        account("orphan", "nobody"),
        user("10-01 00:00", "shop"),
    ])  # fmt: skip
    warehouse.build_for("account_access", "dim_users")
    own = {(name, name) for name in ("agency", "other", "shop", "branch", "self", "ring1", "ring2", "below ring", "orphan")}
    # Accounts in a loop are top accounts; accounts below one of them stay there.
    assert access(warehouse) == own | {("agency", "shop"), ("agency", "branch"), ("shop", "branch"), ("ring1", "below ring")}
    of_user = """
        select users.email_sha256, access.account_id
        from marts.dim_users as users inner join marts.account_access as access on users.account_id = access.viewer_account_id
        order by 2
    """
    with warehouse.connect() as db:
        seen = db.execute(of_user).fetchall()
    assert [name for _, name in seen] == ["branch", "shop"]

    warehouse.landing.deliver([account("shop", "other", "10-02 00:00"), user("10-02 00:00", "agency")])
    warehouse.build_for("account_access", "dim_users")
    assert access(warehouse) == own | {("other", "shop"), ("other", "branch"), ("shop", "branch"), ("ring1", "below ring")}
    with warehouse.connect() as db:
        assert [name for _, name in db.execute(of_user).fetchall()] == ["agency"]
    # Older versions arrive late: nothing changes.
    warehouse.landing.deliver([account("shop", "agency", "09-01 00:00"), user("09-01 00:00", "shop")])
    warehouse.build_for("account_access", "dim_users")
    assert ("other", "shop") in access(warehouse) and ("agency", "shop") not in access(warehouse)


MARKERS = {
    "phone": "+15559998877",
    "email": "marker.person@example.test",
    "body": "marker body 5b1c",
    "template": "marker template 5b1c",
    "json": "marker extra 5b1c",
}


def exploded(message: str, **values: str) -> LandedRow:
    """A row of an unknown type with every kind of personal data."""
    return event(
        "message_events",
        "11-10 10:00",
        {"kind": "exploded", "message_id": message},
        {"body": MARKERS["body"], "number": MARKERS["phone"], **values},
    )


def test_nothing_personal_leaves_the_warehouse(tmp_path: Path) -> None:
    warehouse = warehouse_in(tmp_path)
    warehouse.landing.deliver(of_account(
        "a", row("accounts", timezone="UTC", updated_at=at("10-01 00:00")),
        row("users", user_id="u", email=f" {MARKERS['email'].upper()} ", updated_at=at("10-01 00:00")),
        row("message_templates", template_id="t", template_name="T", body=MARKERS["template"], updated_at=at("10-01 00:00")),
        *(sent(f"m{n}", "11-10 10:00", contact=f"p{n}", body=MARKERS["body"], number=MARKERS["phone"], template="t") for n in range(200)),
        received("r", "11-10 11:00", body=MARKERS["body"], number=MARKERS["phone"]),
        # Rejected and kept whole, in the warehouse only.
        exploded("x", note=MARKERS["json"]),
    ))  # fmt: skip
    (tmp_path / "landing/message_events/ingest_date=2026-11-20/broken.jsonl").write_text(
        f'{{"body": "{MARKERS["body"]}", {MARKERS["phone"]}\n'
    )
    code, printed = warehouse.run_main_job()
    assert code == 0 and marked(printed) == []
    document = warehouse.run("document")
    assert document.success and marked("".join(str(event) for event in document.all_events)) == []

    with warehouse.connect() as db:
        ((row_json,),) = db.execute("select row_json from marts.rejected_events").fetchall()
        assert all(MARKERS[name] in row_json for name in ("phone", "body", "json"))
        tables = db.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' and table_name != 'rejected_events'"
        )
        for (table,) in tables.fetchall():
            assert marked(json.dumps(db.execute(f"select * from marts.{table}").fetchall(), default=str)) == [], table
    with duckdb.connect(str(warehouse.published), read_only=True) as db:
        for schema, table in db.execute("select schema_name, table_name from duckdb_tables()").fetchall():
            assert marked(json.dumps(db.execute(f"select * from {schema}.{table}").fetchall(), default=str)) == [], table
    assert marked(warehouse.published.read_bytes().decode("latin-1")) == []
    assert_nothing_kept(tmp_path, "data_docs", "compute_logs", "runs", "index.html", "manifest.json")


def test_a_failing_check_is_printed_in_its_own_words_without_anything_personal_and_nothing_is_published(tmp_path: Path) -> None:
    warehouse = warehouse_in(tmp_path)
    warehouse.landing.deliver(of_account("a", *(exploded("m") for _ in range(50))))
    code, printed = warehouse.run_main_job()
    assert code == 1
    assert "  FAIL landing.message_events rejects_are_few: Share of rows that will be rejected, at most 1%: found 100.0%; " in printed
    assert "✗ Landing checks failed" in printed and "Readers keep the last good publication." in printed
    assert marked(printed) == []
    assert_nothing_kept(tmp_path, "compute_logs", "runs")
    assert not warehouse.published.exists() and not warehouse.path.exists()


def assert_nothing_kept(folder: Path, *places: str) -> None:
    """Finds nothing personal in what Dagster and dbt keep: events, step output, metadata, Data Docs, the docs site, dbt's own files.

    Args:
        folder: a warehouse's.
        places: parts of the names of files that have to be among them.
    """
    kept = [path for home in ("dagster", "target") for path in (folder / home).rglob("*") if path.is_file()]
    for place in places:
        assert any(place in str(path.relative_to(folder)) for path in kept), place
    for path in kept:
        assert marked(path.read_bytes().decode("latin-1")) == [], path


def marked(text: str) -> list[str]:
    """The markers in a text."""
    return [name for name, marker in MARKERS.items() if marker.lower() in text.lower()]
