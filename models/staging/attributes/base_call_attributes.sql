{{ config(materialized='incremental', incremental_strategy='replace_files') }}

with outcomes as (
    select * from {{ ref('call_outcomes') }}
),

landed as (
    {{ read_landing(source('landing', 'call_attributes')) }}
),

typed_rows as (
    select
        landed.account_id,
        landed.call_id,
        landed.campaign_id,
        landed.user_id,
        landed.outcome,
        case when landed.outcome is not null then coalesce(outcomes.is_lead, false) end as is_lead_outcome,
        case when landed.outcome is not null then coalesce(outcomes.is_deal, false) end as is_deal_outcome,
        landed.price,
        {{ parse_timestamp('landed.updated_at') }} as updated_at,
        landed.ingest_date,
        landed.file_id
    from landed
    left join outcomes on landed.outcome = outcomes.outcome
)

{{ stage_attributes('typed_rows', key='call_id') }}
