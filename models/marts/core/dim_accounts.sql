{{ config(materialized='table') }}

with accounts as (
    select * from {{ ref('stg_accounts') }}
),

parents as (
    select * from {{ ref('int_account_parents') }}
)

select
    accounts.account_id,
    accounts.account_name,
    parents.parent_account_id,
    accounts.timezone,
    accounts.created_at,
    accounts.updated_at
from accounts
inner join parents on accounts.account_id = parents.account_id
