"""Which templates carriers are flagging: those blocked more often than the rest of the account, by more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.chance import standing_out
from dashboard.reports import Row


@dataclass(frozen=True)
class TemplateBlocks:
    """How often carriers blocked a template's messages.

    Args:
        template_id: the template.
        name: the name to show.
        messages: its campaign messages.
        blocked: how many of them carriers blocked.
        rate: their share.
        low, high: its 95 % Wilson interval.
        rest: the rate of the account's other messages; None if there are none.
        is_flagged: whether it is blocked more often than the rest, by more than chance.
    """

    template_id: str
    name: str
    messages: int
    blocked: int
    rate: float
    low: float
    high: float
    rest: float | None
    is_flagged: bool


def template_blocks(
    chosen: Sequence[Row], names: Mapping[str, str], account: Row, account_by_template: Sequence[Row]
) -> list[TemplateBlocks]:
    """The templates with campaign messages, highest block rate first.

    Args:
        chosen: `messaging_by_template` for the selection.
        names: the templates' names.
        account: `messaging_report` for the whole account and the same days, from which the rest follows.
        account_by_template: `messaging_by_template` for the whole account and the same days.
    """
    own = {row["template_id"]: row for row in account_by_template}
    shown = [row for row in chosen if row["campaign_messages"]]

    def rest(template: str) -> tuple[int, int]:
        """The blocked messages of all other templates, and all of their messages."""
        blocked, messages = (
            account[column] - own.get(template, {}).get(column, 0) for column in ("carrier_blocked_messages", "campaign_messages")
        )
        return blocked, messages

    rests = [rest(row["template_id"]) for row in shown]
    flags = standing_out(
        [(row["carrier_blocked_messages"], row["campaign_messages"], *others) for row, others in zip(shown, rests, strict=True)]
    )
    found = [
        TemplateBlocks(
            row["template_id"],
            names[row["template_id"]],
            row["campaign_messages"],
            row["carrier_blocked_messages"],
            row["carrier_block_rate"],
            row["carrier_block_rate_low"],
            row["carrier_block_rate_high"],
            blocked / messages if messages else None,
            is_flagged,
        )
        for row, (blocked, messages), is_flagged in zip(shown, rests, flags, strict=True)
    ]
    return sorted(found, key=lambda template: (-template.rate, -template.messages, template.name))
