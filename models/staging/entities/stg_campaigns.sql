with versions as (
    select *
    from {{ ref('base_campaigns') }}
    where account_id is not null and campaign_id is not null
),

ranked_versions as (
    select
        *,
        {{ version_rank(
            ['account_id', 'campaign_id'], ['campaign_name', 'campaign_type', 'created_at']
        ) }} as version_rank
    from versions
)

select
    account_id,
    campaign_id,
    campaign_name,
    {{ vocabulary_word('campaigns', 'campaign_type', 'campaign_type') }} as campaign_type,
    created_at,
    updated_at
from ranked_versions
where version_rank = 1
