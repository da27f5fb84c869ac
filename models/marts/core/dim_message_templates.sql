{{ config(materialized='table') }}

select
    account_id,
    template_id,
    template_name,
    created_at,
    updated_at
from {{ ref('stg_message_templates') }}
