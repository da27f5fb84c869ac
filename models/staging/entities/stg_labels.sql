with versions as (
    select *
    from {{ ref('base_labels') }}
    where account_id is not null and label_id is not null
),

ranked_versions as (
    select
        *,
        {{ version_rank(['account_id', 'label_id'], ['label_name', 'created_at']) }} as version_rank
    from versions
)

select
    account_id,
    label_id,
    label_name,
    created_at,
    updated_at
from ranked_versions
where version_rank = 1
