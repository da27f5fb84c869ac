{{ config(materialized='incremental', incremental_strategy='replace_files') }}

with landed as (
    {{ read_landing(source('landing', 'message_attributes')) }}
),

typed_rows as (
    select
        account_id,
        message_id,
        campaign_id,
        template_id,
        origin,
        user_id,
        {{ given_segments('segments') }} as given_segments,
        price,
        {{ parse_timestamp('updated_at') }} as updated_at,
        ingest_date,
        file_id
    from landed
)

{{ stage_attributes('typed_rows', key='message_id') }}
