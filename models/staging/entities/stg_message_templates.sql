with versions as (
    select *
    from {{ ref('base_message_templates') }}
    where account_id is not null and template_id is not null
),

ranked_versions as (
    select
        *,
        {{ version_rank(['account_id', 'template_id'], ['template_name', 'created_at']) }} as version_rank
    from versions
)

select
    account_id,
    template_id,
    template_name,
    created_at,
    updated_at
from ranked_versions
where version_rank = 1
