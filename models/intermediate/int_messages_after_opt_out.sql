{{ config(materialized='ephemeral') }}

with outbound as (
    select
        account_id,
        contact_id,
        message_id,
        occurred_at,
        date_day,
        campaign_id,
        template_id
    from {{ ref('int_outbound_messages') }}
),

contact_events as (
    {{ of_touched_contacts(ref('stg_contact_events')) }}
),

consents as (
    select
        account_id,
        contact_id,
        occurred_at,
        event_type = 'opted_out' as is_opt_out
    from contact_events
    where event_type in ('opted_out', 'opted_in')
    union all
    select
        account_id,
        contact_id,
        occurred_at,
        is_opt_out_text as is_opt_out
    from {{ ref('int_messages') }}
    where not is_outbound and (is_opt_out_text or is_opt_in_text)
),

contacts_that_opted_out as (
    select distinct
        account_id,
        contact_id
    from consents
    where is_opt_out
),

-- An opt-out takes effect after five minutes, since one confirmation is lawful. An opt-in takes effect at once.
moments as (
    select
        account_id,
        contact_id,
        cast(null as {{ dbt.type_string() }}) as message_id,
        case when is_opt_out then occurred_at + interval '5' minute else occurred_at end as moment,
        case when is_opt_out then 2 else 0 end as place,
        case when is_opt_out then occurred_at end as opted_out_at,
        case when not is_opt_out then occurred_at end as opted_in_at
    from consents
    union all
    select
        outbound.account_id,
        outbound.contact_id,
        outbound.message_id,
        outbound.occurred_at as moment,
        1 as place,
        cast(null as timestamp) as opted_out_at,
        cast(null as timestamp) as opted_in_at
    from outbound
    semi join contacts_that_opted_out as contacts
        on outbound.contact_id = contacts.contact_id and outbound.account_id = contacts.account_id
),

states as (
    select
        account_id,
        contact_id,
        message_id,
        max(opted_out_at) over (
            partition by account_id, contact_id order by moment, place rows between unbounded preceding and current row
        ) as opted_out_at,
        max(opted_in_at) over (
            partition by account_id, contact_id order by moment, place rows between unbounded preceding and current row
        ) as opted_in_at
    from moments
)

select
    outbound.account_id,
    outbound.contact_id,
    outbound.message_id,
    outbound.occurred_at,
    outbound.date_day,
    outbound.campaign_id,
    outbound.template_id,
    states.opted_out_at
from states
inner join outbound
    on
        states.message_id = outbound.message_id
        and states.contact_id = outbound.contact_id
        and states.account_id = outbound.account_id
-- At the same instant the opt-in counts as the later one.
where states.opted_out_at is not null and (states.opted_in_at is null or states.opted_in_at < states.opted_out_at)
