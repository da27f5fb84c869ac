-- One row per log event, with its parties and the reason to skip it; null if it is not skipped.
with addressed_rows as (
    select
        * exclude (is_inbound, sender_address, recipient_address),
        case when is_inbound then 'inbound' else 'outbound' end as direction,
        case when is_inbound then sender_address else recipient_address end as contact_address,
        case when is_inbound then recipient_address else sender_address end as account_number
    from log_rows
)

select
    * exclude (left_out_because),
    coalesce(moment(logged_text), moment(own_text)) as synced_at,
    case
        when left_out_because is distinct from 'other_type' and is_internal(account_id, contact_address, account_number) then 'internal'
        else left_out_because
    end as skipped_because
from addressed_rows
