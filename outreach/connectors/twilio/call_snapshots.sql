-- One row per raw row: its values in one form, and the reason to skip it; null if it is not skipped.
with snapshots as (
    select
        clean(account_id) as account_id,
        clean(call_id) as call_id,
        clean(parent_call_id) as parent_call_id,
        case lower(clean(direction))
            when 'inbound' then 'inbound'
            when 'trunking-originating' then 'inbound'
            when 'outbound' then 'outbound'
            when 'outbound-api' then 'outbound'
            when 'outbound-dial' then 'outbound'
            when 'trunking-terminating' then 'outbound'
        end as direction,
        coalesce(clean(direction), '') as landed_direction,
        lower(clean(status)) as status,
        clean(sender) as sender,
        clean(recipient) as recipient,
        address(number_text(sender)) as sender_address,
        address(number_text(recipient)) as recipient_address,
        lower(clean(answered_by)) as answered_by,
        whole_number(clean(duration)) as duration_seconds,
        amount(clean(price)) as price,
        clean(started_at) as started_text,
        clean(ended_at) as ended_text,
        clean(created_at) as created_text,
        clean(updated_at) as updated_text,
        coalesce(
            moment(clean(synced_at)), moment(clean(updated_at)), moment(clean(created_at)), timestamp '1970-01-01 00:00:00'
        ) as synced_at,
        coalesce(lower(clean(is_deleted)) in ('true', 't', '1'), false) as is_deleted
    from source_calls
),

addressed_snapshots as (
    select
        * exclude (sender, recipient, sender_address, recipient_address),
        case when direction = 'inbound' then sender_address else recipient_address end as contact_address,
        case when direction = 'inbound' then recipient_address else sender_address end as account_number,
        coalesce(lower(case when direction = 'inbound' then sender else recipient end), '') as contact_side
    from snapshots
),

inbound_calls as (
    select
        account_id,
        call_id
    from addressed_snapshots
    where direction = 'inbound'
    union
    select
        account_id,
        call_id
    from landed_call_events
    where direction = 'inbound'
)

select
    * exclude (is_deleted, contact_side),
    case
        when is_deleted then 'deleted'
        when direction is null then 'unknown_direction'
        when
            starts_with(contact_side, 'client:') or starts_with(contact_side, 'sip:')
            or (contact_address is distinct from account_number and is_own(account_id, contact_address))
            or (account_id, parent_call_id) in (select (account_id, call_id) from inbound_calls)
            then 'agent_leg'
        when status = 'queued' then 'not_dialed'
    end as skipped_because
from addressed_snapshots
