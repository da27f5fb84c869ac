{{ config(materialized='incremental', incremental_strategy='replace_files') }}

with landed as (
    {{ read_landing(source('landing', 'users')) }}
)

select
    user_id,
    account_id,
    {{ sha256_hex('lower(email)') }} as email_sha256,
    {{ parse_timestamp('created_at') }} as created_at,
    {{ parse_timestamp('updated_at') }} as updated_at,
    ingest_date,
    file_id
from landed
