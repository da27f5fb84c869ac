{{ config(materialized='table') }}

select
    account_id,
    label_id,
    label_name,
    created_at,
    updated_at
from {{ ref('stg_labels') }}
