{{ config(materialized='table') }}

with accounts as (
    select * from {{ ref('stg_accounts') }}
),

days as (
    select * from {{ ref('int_local_days') }}
),

events as (
    {{ of_touched_contacts(ref('stg_call_events')) }}
),

attribute_rows as (
    {{ of_touched(ref('stg_call_attributes'), 'call_id', 'events') }}
),

attributes as (
    {{ known_attributes(
        'attribute_rows', 'call_id', ['campaign_id', 'user_id', 'outcome', 'is_lead_outcome', 'is_deal_outcome', 'price']
    ) | indent(4) }}
),

-- Only the order matters here, so a hash collision between two calls does no harm.
ordered_events as (
    select
        *,
        event_type = 'answered' and coalesce(answered_by, '') != 'machine' as is_human_answer,
        row_number() over (
            partition by {{ key_hash(['account_id', 'contact_id', 'call_id']) }}
            order by case when event_type = 'dialed' then 0 else 1 end, occurred_at, event_id
        ) as event_order
    from events
),

calls as (
    select
        account_id,
        contact_id,
        call_id,
        coalesce(min(occurred_at) filter (where event_type = 'dialed'), min(occurred_at)) as dialed_at,
        min(occurred_at) filter (where is_human_answer) as answered_at,
        min(occurred_at) filter (where event_type = 'ended') as ended_at,
        {{ first_known('campaign_id') }} as campaign_id,
        coalesce({{ first_known('direction') }}, 'outbound') as direction,
        {{ first_known('user_id') }} as user_id,
        {{ first_known('price') }} as price,
        min_by(duration_seconds, event_order) filter (
            where event_type = 'ended' and duration_seconds is not null
        ) as duration_seconds,
        bool_or(event_type = 'outcome_recorded' and is_lead_outcome) as is_lead,
        bool_or(event_type = 'outcome_recorded' and is_deal_outcome) as is_deal
    from ordered_events
    group by account_id, contact_id, call_id
)

select
    calls.account_id,
    calls.contact_id,
    calls.call_id,
    calls.dialed_at,
    days.date_day,
    coalesce(attributes.campaign_id, calls.campaign_id) as campaign_id,
    calls.direction,
    calls.answered_at is not null as is_answered,
    case
        when calls.duration_seconds is not null then calls.duration_seconds
        when calls.answered_at is not null and calls.ended_at is not null
            then cast(greatest(floor({{ seconds_between('calls.answered_at', 'calls.ended_at') }}), 0) as bigint)
    end as talk_seconds,
    coalesce(attributes.user_id, calls.user_id) as user_id,
    {{ amount('coalesce(attributes.price, calls.price)') }} as price,
    attributes.outcome as known_outcome,
    calls.is_lead or coalesce(attributes.is_lead_outcome, false) as is_lead,
    calls.is_deal or coalesce(attributes.is_deal_outcome, false) as is_deal
from calls
left join attributes on calls.call_id = attributes.call_id and calls.account_id = attributes.account_id
inner join accounts on calls.account_id = accounts.account_id
inner join days
    on accounts.timezone = days.timezone and {{ quarter_hour('calls.dialed_at') }} = days.quarter_hour
