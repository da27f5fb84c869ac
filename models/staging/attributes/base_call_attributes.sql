{{ config(materialized='incremental', incremental_strategy='replace_files') }}

with landed as (
    {{ read_landing(source('landing', 'call_attributes')) }}
),

typed_rows as (
    select
        account_id,
        call_id,
        campaign_id,
        user_id,
        outcome,
        price,
        {{ parse_timestamp('updated_at') }} as updated_at,
        ingest_date,
        file_id
    from landed
)

{{ settle_attributes('typed_rows', key='call_id') }}
