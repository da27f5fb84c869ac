-- One row per raw row of a message with an event the landing zone lacks.
select snapshots.*
from message_snapshots as snapshots
semi join new_messages as new
    on snapshots.account_id is not distinct from new.account_id and snapshots.message_id is not distinct from new.message_id
where snapshots.skipped_because is null
