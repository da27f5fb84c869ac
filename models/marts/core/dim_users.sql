{{ config(materialized='table') }}

select
    user_id,
    account_id,
    email_sha256,
    created_at,
    updated_at
from {{ ref('stg_users') }}
