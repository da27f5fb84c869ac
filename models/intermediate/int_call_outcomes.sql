{{ config(materialized='ephemeral') }}

with events as (
    {{ of_touched_contacts(ref('stg_call_events')) }}
),

calls as (
    select
        account_id,
        contact_id,
        call_id,
        known_outcome,
        date_day,
        campaign_id,
        direction
    from {{ ref('int_calls') }}
),

recorded_outcomes as (
    select
        account_id,
        contact_id,
        call_id,
        outcome
    from events
    where event_type = 'outcome_recorded' and outcome is not null
    union
    select
        account_id,
        contact_id,
        call_id,
        known_outcome as outcome
    from calls
    where known_outcome is not null
)

select
    calls.account_id,
    calls.contact_id,
    calls.call_id,
    outcomes.outcome,
    calls.date_day,
    calls.campaign_id,
    calls.direction
from recorded_outcomes as outcomes
inner join calls
    on
        outcomes.call_id = calls.call_id
        and outcomes.contact_id = calls.contact_id
        and outcomes.account_id = calls.account_id
