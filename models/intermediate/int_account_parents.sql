-- The recursion walks up from each account, and stops at a top account, at an unknown parent, or when a loop closes.
with recursive accounts as (
    select * from {{ ref('stg_accounts') }}
),

known_parents as (
    select
        accounts.account_id,
        accounts.parent_account_id
    from accounts
    inner join accounts as parents on accounts.parent_account_id = parents.account_id
),

walks as (
    select
        account_id,
        parent_account_id as reached_account_id,
        {{ array_of_one('parent_account_id') }} as passed_account_ids
    from known_parents
    union all
    select
        walks.account_id,
        known_parents.parent_account_id as reached_account_id,
        array_append(walks.passed_account_ids, known_parents.parent_account_id) as passed_account_ids
    from walks
    inner join known_parents on walks.reached_account_id = known_parents.account_id
    where
        walks.reached_account_id != walks.account_id
        and not array_contains(walks.passed_account_ids, known_parents.parent_account_id)
),

looping_accounts as (
    select distinct account_id
    from walks
    where reached_account_id = account_id
)

select
    accounts.account_id,
    accounts.parent_account_id as landed_parent_account_id,
    case when looping_accounts.account_id is null then known_parents.parent_account_id end as parent_account_id
from accounts
left join known_parents on accounts.account_id = known_parents.account_id
left join looping_accounts on accounts.account_id = looping_accounts.account_id
