{{ config(materialized='incremental', incremental_strategy='replace_files') }}

with landed as (
    {{ read_landing(source('landing', 'campaigns')) }}
)

select
    account_id,
    campaign_id,
    campaign_name,
    campaign_type,
    {{ parse_timestamp('created_at') }} as created_at,
    {{ parse_timestamp('updated_at') }} as updated_at,
    ingest_date,
    file_id
from landed
