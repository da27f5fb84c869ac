{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='account_id') }}

with versions as (
    select *
    from {{ ref('base_accounts') }}
    where account_id is not null
),

ranked_versions as (
    select
        *,
        {{ version_rank(
            ['account_id'], ['parent_account_id', 'account_name', 'timezone', 'created_at']
        ) }} as version_rank
    from versions
),

timezones as (
    {{ known_timezones() }}
),

accounts as (
    select
        versions.account_id,
        versions.parent_account_id,
        versions.account_name,
        versions.timezone as landed_timezone,
        coalesce(timezones.timezone, 'UTC') as timezone,
        versions.created_at,
        versions.updated_at
    from ranked_versions as versions
    left join timezones on versions.timezone = timezones.timezone
    where versions.version_rank = 1
)

-- An account that is new, or whose calendar days have moved, brings all of its contacts with it.
select
    accounts.*,
    {% if is_incremental() -%}
    case when accounts.timezone = held.timezone then held.batch else {{ next_batch() }} end as batch
    {%- else -%}
    {{ next_batch() }} as batch
    {%- endif %}
from accounts
{% if is_incremental() -%}
left join {{ this }} as held on accounts.account_id = held.account_id
{%- endif %}
