-- One row per message that the log tells something of twice, or whose contact it does not always write alike. No other needs a ranking.
select
    account_id,
    message_id
from message_snapshots
group by account_id, message_id
having count(*) > count(distinct landed_type) or min(contact_address) is distinct from max(contact_address)
