-- One row per message with several raw rows. Only these need ranking.
select
    account_id,
    message_id
from message_snapshots
group by account_id, message_id
having count(*) > 1
