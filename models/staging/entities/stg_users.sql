with versions as (
    select *
    from {{ ref('base_users') }}
    where user_id is not null
),

ranked_versions as (
    select
        *,
        {{ version_rank(['user_id'], ['account_id', 'email_sha256', 'created_at']) }} as version_rank
    from versions
)

select
    user_id,
    account_id,
    email_sha256,
    created_at,
    updated_at
from ranked_versions
where version_rank = 1
