{{ config(materialized='table') }}

with accounts as (
    select * from {{ ref('stg_accounts') }}
),

days as (
    select * from {{ ref('int_local_days') }}
),

events_of_contacts as (
    {{ of_touched_contacts(ref('stg_contact_events')) }}
),

-- Opt-ins count in no KPI.
contact_events as (
    select * from events_of_contacts
    where event_type != 'opted_in'
),

-- What may follow a campaign message: every other message, and every contact event.
followers as (
    select
        account_id,
        contact_id,
        message_id as activity_id,
        case when is_outbound then 'message' else 'reply' end as activity,
        occurred_at,
        date_day,
        hour_of_day,
        campaign_id,
        template_id,
        cast(null as {{ dbt.type_string() }}) as label_id,
        origin,
        channel,
        segments,
        status,
        user_id,
        price,
        is_opt_out_text,
        -- A campaign's message that does not name its campaign belongs to none.
        not is_outbound or origin = 'manual' as is_attributable
    from {{ ref('int_messages') }}
    where not is_campaign_message
    union all
    select
        events.account_id,
        events.contact_id,
        events.event_id as activity_id,
        case events.event_type
            when 'opted_out' then 'opt_out'
            when 'ai_filtered' then 'ai_filter'
            when 'label_added' then 'label'
            when 'lead_created' then 'lead'
        end as activity,
        events.occurred_at,
        days.date_day,
        days.hour_of_day,
        events.campaign_id,
        events.template_id,
        case when events.event_type = 'label_added' then events.label_id end as label_id,
        null as origin,
        null as channel,
        null as segments,
        null as status,
        null as user_id,
        null as price,
        false as is_opt_out_text,
        true as is_attributable
    from contact_events as events
    inner join accounts on events.account_id = accounts.account_id
    inner join days
        on accounts.timezone = days.timezone and {{ quarter_hour('events.occurred_at') }} = days.quarter_hour
),

contacts_with_followers as (
    select distinct
        account_id,
        contact_id
    from followers
),

touches as (
    select
        messages.account_id,
        messages.contact_id,
        messages.message_id,
        messages.occurred_at,
        messages.campaign_id,
        messages.template_id,
        {{ campaign_step(
            ['messages.account_id', 'messages.contact_id', 'messages.campaign_id'],
            ['messages.occurred_at', 'messages.message_id']
        ) }} as step
    from {{ ref('int_messages') }} as messages
    semi join contacts_with_followers as contacts
        on messages.contact_id = contacts.contact_id and messages.account_id = contacts.account_id
    where messages.is_campaign_message
),

-- A touch without a template gets a blank one, so that the last non-null template is always the last touch's.
touches_and_followers as (
    select
        account_id,
        contact_id,
        message_id as activity_id,
        'touch' as activity,
        occurred_at,
        cast(null as date) as date_day,
        cast(null as integer) as hour_of_day,
        campaign_id,
        template_id,
        cast(null as {{ dbt.type_string() }}) as label_id,
        cast(null as {{ dbt.type_string() }}) as origin,
        cast(null as {{ dbt.type_string() }}) as channel,
        null as segments,
        cast(null as {{ dbt.type_string() }}) as status,
        cast(null as {{ dbt.type_string() }}) as user_id,
        null as price,
        false as is_opt_out_text,
        false as is_attributable,
        0 as touches_first,
        campaign_id as touch_campaign_id,
        coalesce(template_id, '') as touch_template_id,
        step as touch_step
    from touches
    union all
    select
        *,
        1 as touches_first,
        null as touch_campaign_id,
        null as touch_template_id,
        null as touch_step
    from followers
),

-- The latest campaign message at or before each row, in any campaign and in the campaign that the row names.
followed_touches as (
    select
        *,
        {{ last_known('touch_campaign_id') }} over (
            partition by account_id, contact_id order by occurred_at, touches_first, activity_id
            rows between unbounded preceding and current row
        ) as last_campaign_id,
        {{ last_known('touch_template_id') }} over (
            partition by account_id, contact_id order by occurred_at, touches_first, activity_id
            rows between unbounded preceding and current row
        ) as last_template_id,
        {{ last_known('touch_template_id') }} over (
            partition by account_id, contact_id, campaign_id order by occurred_at, touches_first, activity_id
            rows between unbounded preceding and current row
        ) as last_template_id_of_campaign,
        {{ last_known('touch_step') }} over (
            partition by account_id, contact_id order by occurred_at, touches_first, activity_id
            rows between unbounded preceding and current row
        ) as last_step,
        {{ last_known('touch_step') }} over (
            partition by account_id, contact_id, campaign_id order by occurred_at, touches_first, activity_id
            rows between unbounded preceding and current row
        ) as last_step_of_campaign
    from touches_and_followers
),

attributed_rows as (
    select
        account_id,
        contact_id,
        activity_id,
        activity,
        occurred_at,
        date_day,
        hour_of_day,
        case
            when campaign_id is null and is_attributable then last_campaign_id
            else campaign_id
        end as campaign_id,
        case
            when template_id is not null or activity = 'message' then template_id
            when campaign_id is null then nullif(last_template_id, '')
            else nullif(last_template_id_of_campaign, '')
        end as template_id,
        case when campaign_id is null and is_attributable then last_step else last_step_of_campaign end as step,
        label_id,
        origin,
        channel,
        segments,
        status,
        user_id,
        price,
        is_opt_out_text
    from followed_touches
    where activity != 'touch'
),

-- An inbound message in opt-out language is both a reply and an opt-out.
activities as (
    select
        activity,
        case when activity = 'reply' then 'reply' else 'event' end as source,
        account_id,
        contact_id,
        activity_id,
        occurred_at,
        date_day,
        hour_of_day,
        campaign_id,
        template_id,
        step,
        label_id,
        origin,
        channel,
        segments,
        status,
        user_id,
        price,
        is_opt_out_text
    from attributed_rows
    union all
    select
        'opt_out' as activity,
        'reply' as source,
        account_id,
        contact_id,
        activity_id,
        occurred_at,
        date_day,
        hour_of_day,
        campaign_id,
        template_id,
        step,
        label_id,
        origin,
        channel,
        segments,
        status,
        user_id,
        price,
        is_opt_out_text
    from attributed_rows
    where activity = 'reply' and is_opt_out_text
),

ranked_activities as (
    select
        *,
        row_number() over (
            partition by account_id, contact_id, activity, campaign_id order by occurred_at, activity_id, source
        ) as rank_in_campaign
    from activities
),

judged_activities as (
    select
        *,
        case activity
            when 'reply' then rank_in_campaign = 1 and campaign_id is not null
            when 'lead' then rank_in_campaign = 1
        end as is_first,
        -- Only a contact's first reply to a campaign counts the contact.
        activity != 'reply' or (rank_in_campaign = 1 and campaign_id is not null) as counts_contact
    from ranked_activities
)

select
    account_id,
    contact_id,
    activity,
    activity_id,
    source,
    occurred_at,
    date_day,
    hour_of_day,
    campaign_id,
    template_id,
    step,
    label_id,
    origin,
    channel,
    segments,
    status,
    user_id,
    price,
    is_opt_out_text,
    is_first,
    {{- previous_days(
        contact=['account_id', 'contact_id', 'activity', 'label_id', 'counts_contact'],
        order_by=['occurred_at', 'activity_id', 'source']
    ) }}
from judged_activities
