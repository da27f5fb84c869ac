{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null']) }}

with messages_in_range as (
    select
        step,
        status,
        {{ is_first_of_step_in_range() | indent(8) }} as is_first_in_range
    from {{ ref('fct_messages') }}
    where
        {{ in_range(['campaign']) | indent(8) }}
        and is_campaign_message
),

messages as (
    select
        step,
        count(*) as campaign_messages,
        {{ count_where("status = 'carrier_blocked'") }} as carrier_blocked_messages,
        {{ count_where('is_first_in_range') }} as contacts,
        0 as responded_contacts,
        0 as opted_out_contacts
    from messages_in_range
    group by step
),

replies as (
    select
        step,
        0 as campaign_messages,
        0 as carrier_blocked_messages,
        0 as contacts,
        count(distinct contact_id) as responded_contacts,
        0 as opted_out_contacts
    from {{ ref('fct_replies') }}
    where
        {{ in_range(['campaign']) | indent(8) }}
        and is_first_reply
        and step is not null
    group by step
),

opt_outs as (
    select
        step,
        0 as campaign_messages,
        0 as carrier_blocked_messages,
        0 as contacts,
        0 as responded_contacts,
        count(distinct contact_id) as opted_out_contacts
    from {{ ref('fct_opt_outs') }}
    where
        {{ in_range(['campaign']) | indent(8) }}
        and step is not null
    group by step
),

counts as (
    select
        step,
        cast(sum(campaign_messages) as bigint) as campaign_messages,
        cast(sum(carrier_blocked_messages) as bigint) as carrier_blocked_messages,
        cast(sum(contacts) as bigint) as contacts,
        cast(sum(responded_contacts) as bigint) as responded_contacts,
        cast(sum(opted_out_contacts) as bigint) as opted_out_contacts
    from (
        select * from messages
        union all
        select * from replies
        union all
        select * from opt_outs
    ) as happened
    group by step
)

select
    step,
    campaign_messages,
    carrier_blocked_messages,
    {{ rate_with_interval('carrier_blocked_messages', 'campaign_messages', 'carrier_block_rate') }},
    contacts,
    responded_contacts,
    {{ rate_with_interval('responded_contacts', 'contacts', 'reply_rate') }},
    opted_out_contacts,
    {{ rate_with_interval('opted_out_contacts', 'contacts', 'opt_out_rate') }}
from counts
order by step
