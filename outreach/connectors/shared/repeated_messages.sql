-- One row per message that has several raw rows. All others need no ranking: their one row says all.
select
    account_id,
    message_id
from message_snapshots
group by account_id, message_id
having count(*) > 1
