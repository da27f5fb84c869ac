-- The log only has account ids. They are enough for the events to count until a fuller account row lands.
select distinct
    told.account_id,
    null::varchar as parent_account_id,
    null::varchar as account_name,
    null::varchar as created_at,
    null::varchar as updated_at
from message_snapshots as told
anti join landed_accounts as landed on told.account_id = landed.account_id
where told.skipped_because is null and told.account_id is not null
order by told.account_id
