"""The streams of the landing zone, as the macro `landing_rules` describes them."""

from __future__ import annotations

from typing import Any

from outreach.macros import call

# By stream: `required`, the columns without which a row does not count; `event_types`, of event streams; `vocabularies`, of columns.
LANDING_RULES: dict[str, dict[str, Any]] = call("landing_rules")
EVENT_STREAMS = [stream for stream, rules in LANDING_RULES.items() if "event_types" in rules]
ENTITY_STREAMS = [stream for stream in LANDING_RULES if stream not in EVENT_STREAMS]
