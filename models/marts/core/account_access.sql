{{ config(materialized='table') }}

with recursive accounts as (
    select * from {{ ref('dim_accounts') }}
),

accesses as (
    select
        account_id as viewer_account_id,
        account_id
    from accounts
    union all
    select
        accesses.viewer_account_id,
        accounts.account_id
    from accesses
    inner join accounts on accesses.account_id = accounts.parent_account_id
)

select
    viewer_account_id,
    account_id
from accesses
