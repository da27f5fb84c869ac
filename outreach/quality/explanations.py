"""What a landing check says beyond the numbers that it compares: the files, the values, and what to do."""

from __future__ import annotations

from collections.abc import Iterable

from outreach.landing.profiling import StreamProfile

# What providers call the states of a message or call, where they do not use the names of events: what each of them means here.
STATUS_MEANINGS = {
    "message_events": {
        **dict.fromkeys(("accepted", "scheduled", "queued", "sending"), "not sent yet: no event"),
        "canceled": "never sent: no event", "receiving": "not received yet: no event", "failed": "undelivered", "read": "delivered",
        "partially_delivered": "delivered", "delivery_failed": "undelivered", "sending_failed": "undelivered", "inbound": "received",
        "outbound": "sent",
    },
    "contact_events": {
        **dict.fromkeys(("opt_out", "optout", "unsubscribed", "stop"), "opted_out"),
        **dict.fromkeys(("opt_in", "optin", "subscribed", "start"), "opted_in"), "label": "label_added", "lead": "lead_created",
    },
    "call_events": {
        "queued": "not dialed yet: no event", **dict.fromkeys(("initiated", "ringing"), "dialed"),
        **dict.fromkeys(("busy", "failed", "no-answer", "canceled"), "dialed alone"), "in-progress": "answered",
        "completed": "ended", "hangup": "ended",
    },
}  # fmt: skip


def explanations(state: StreamProfile) -> dict[str, str]:
    """What there is to say of a stream beyond the numbers that its checks compare.

    Args:
        state: what it holds.

    Returns:
        By check: what was found, with examples, and what it means.
    """
    types = {value: rows for (column, value), rows in state.unexpected.items() if column == "event_type"}
    meanings = STATUS_MEANINGS.get(state.stream, {})
    words = [
        f"{value} {rows:,}" + (f" (here: {meaning})" if (meaning := meanings.get(value.lower())) else "") for value, rows in types.items()
    ]
    rejects = _listed(f"{reason} {rows:,}" for reason, rows in state.reject_reasons.items())
    gone = f"Gone ({len(state.gone_files):,}): {_listed(state.gone_files)}. " if state.gone_files else ""
    return {
        "nothing_is_lost": f'{gone}Is the landing zone mounted? To build without them: make build ARGS="--limit least_left=0"',
        "new_files_can_be_read": _listed(state.unreadable_files),
        "broken_lines_are_few": _listed(state.broken_files),
        "rejects_are_few": rejects + (f". Of event_type: {_listed(words, 10)}" if words else ""),
        "values_are_of_their_vocabulary": _listed(
            (f"{column} {value} {rows:,}" for (column, value), rows in state.unexpected.items() if column != "event_type"), 10
        ),
        "events_are_not_too_old": 'To let them through for one run: make build ARGS="--limit oldest_days=…", with as many days as that',
    }


def _listed(items: Iterable[str], most: int = 3) -> str:
    items = list(items)
    return "; ".join(items[:most]) + (f"; and {len(items) - most:,} more" if len(items) > most else "")
