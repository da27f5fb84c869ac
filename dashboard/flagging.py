"""Which templates carriers are flagging: those that are blocked more often than the rest of the account, beyond chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.reports import Row


@dataclass(frozen=True)
class TemplateBlocks:
    """How often carriers blocked a template's messages.

    Args:
        template_id: the template.
        name: to show.
        messages: its campaign messages.
        blocked: those of them that carriers blocked.
        rate: their share.
        low, high: its 95 % Wilson interval.
        rest: the rate of everything else that the account sent; None where there is nothing else.
    """

    template_id: str
    name: str
    messages: int
    blocked: int
    rate: float
    low: float
    high: float
    rest: float | None

    @property
    def is_flagged(self) -> bool:
        """Whether its whole interval lies above the rest's rate."""
        return self.rest is not None and self.low > self.rest


def template_blocks(
    chosen: Sequence[Row], names: Mapping[str, str], account: Row, account_by_template: Sequence[Row]
) -> list[TemplateBlocks]:
    """The templates with campaign messages, the most blocked first.

    Args:
        chosen: `messaging_by_template` of the selection.
        names: the templates' names.
        account: `messaging_report` of the whole account in the same days, which the rest is measured by.
        account_by_template: `messaging_by_template` of the whole account, likewise.
    """
    own = {row["template_id"]: row for row in account_by_template}

    def rest(template: str) -> float | None:
        messages, blocked = (
            account[column] - own.get(template, {}).get(column, 0) for column in ("campaign_messages", "carrier_blocked_messages")
        )
        return blocked / messages if messages else None

    found = [
        TemplateBlocks(
            row["template_id"],
            names[row["template_id"]],
            row["campaign_messages"],
            row["carrier_blocked_messages"],
            row["carrier_block_rate"],
            row["carrier_block_rate_low"],
            row["carrier_block_rate_high"],
            rest(row["template_id"]),
        )
        for row in chosen
        if row["campaign_messages"]
    ]
    return sorted(found, key=lambda template: (-template.rate, -template.messages, template.name))
