{{ config(materialized='incremental', incremental_strategy='replace_files') }}

with landed as (
    {{ read_landing(source('landing', 'labels')) }}
)

select
    account_id,
    label_id,
    label_name,
    {{ parse_timestamp('created_at') }} as created_at,
    {{ parse_timestamp('updated_at') }} as updated_at,
    ingest_date,
    file_id
from landed
