-- The same data as a loader's raw tables: a row per message and call, in its final state.
create or replace macro number_of(contact) as '+1' || lpad((hash('number', contact) % 10000000000)::varchar, 10, '0');
create or replace macro as_loaded(moment) as strftime(moment, '%Y-%m-%d %H:%M:%S.%f') || ' UTC';

create or replace temp table raw_message as
with messages as (
    select
        account_id,
        contact_id,
        message_id,
        bool_or(event_type = 'received') as is_inbound,
        min(occurred_at) as sent_at,
        max(occurred_at) as updated_at,
        arg_min(campaign_id, occurred_at) as campaign_id,
        arg_min(origin, occurred_at) as origin,
        arg_min(account_number, occurred_at) as account_number,
        arg_min(body, occurred_at) as body,
        coalesce(bool_or(channel = 'mms'), false) as is_mms,
        coalesce(max(try_cast(segments as integer)), 1) as segments,
        case
            when bool_or(event_type = 'received') then 'received'
            when bool_or(event_type = 'delivered') then 'delivered'
            when bool_or(event_type in ('undelivered', 'carrier_blocked')) then 'undelivered'
            else 'sent'
        end as status,
        case
            when bool_or(event_type = 'carrier_blocked') then '30007'
            else max(error_code) filter (where event_type = 'undelivered')
        end as error_code
    from message_events
    group by account_id, contact_id, message_id
)

select
    message_id as id,
    account_id,
    as_loaded(sent_at - interval 1 second) as created_at,
    as_loaded(sent_at) as date_sent,
    as_loaded(updated_at) as updated_at,
    case when is_inbound then 'inbound' else 'outbound-api' end as direction,
    case when is_inbound then number_of(contact_id) else account_number end as "from",
    case when is_inbound then account_number else number_of(contact_id) end as "to",
    body,
    status,
    case when status = 'undelivered' then error_code end as error_code,
    case when is_mms then 1 else 0 end as num_media,
    segments as num_segments,
    case when not is_inbound and origin = 'campaign' then campaign_id end as messaging_service_sid,
    case when not is_inbound then -0.0079 * segments end as price,
    'USD' as price_unit,
    as_loaded(updated_at + interval 1 hour) as _fivetran_synced
from messages
order by sent_at, message_id;

create or replace temp table raw_call as
with calls as (
    select
        account_id,
        contact_id,
        call_id,
        min(occurred_at) as started_at,
        max(occurred_at) filter (where event_type in ('dialed', 'answered', 'ended')) as ended_at,
        coalesce(max(direction), 'outbound') as direction,
        bool_or(event_type = 'answered') as is_answered,
        max(answered_by) as answered_by,
        max(try_cast(duration_seconds as integer)) as duration
    from call_events
    group by account_id, contact_id, call_id
)

select
    call_id as id,
    account_id,
    as_loaded(started_at) as created_at,
    as_loaded(started_at) as start_time,
    as_loaded(ended_at) as end_time,
    as_loaded(ended_at) as updated_at,
    case when direction = 'inbound' then 'inbound' else 'outbound-api' end as direction,
    case when direction = 'inbound' then number_of(contact_id) else '+15550000000' end as "from",
    case when direction = 'inbound' then '+15550000000' else number_of(contact_id) end as "to",
    case when is_answered then 'completed' else 'no-answer' end as status,
    answered_by,
    case when is_answered then duration end as duration,
    null as parent_call_id,
    -0.014 as price,
    as_loaded(ended_at + interval 1 hour) as _fivetran_synced
from calls
order by started_at, call_id;

create or replace temp table raw_account_history as
select
    account_id as id,
    account_name as friendly_name,
    coalesce(parent_account_id, account_id) as owner_account_id,
    as_loaded(created_at) as created_at,
    as_loaded(updated_at) as updated_at
from accounts;

create or replace temp table raw_messaging_service as
select
    campaign_id as id,
    account_id,
    campaign_name as friendly_name,
    as_loaded(created_at) as created_at,
    as_loaded(updated_at) as updated_at
from campaigns;
