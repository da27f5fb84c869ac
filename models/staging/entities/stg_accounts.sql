{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='account_id') }}

with by_hand as (
    select * from {{ ref('account_settings') }}
),

versions as (
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

-- Settings from the seed override landed values.
latest_versions as (
    select
        versions.account_id,
        versions.parent_account_id,
        coalesce({{ trimmed('by_hand.account_name') }}, versions.account_name) as account_name,
        coalesce({{ trimmed('by_hand.timezone') }}, versions.timezone) as given_timezone,
        versions.created_at,
        versions.updated_at
    from ranked_versions as versions
    left join by_hand on versions.account_id = by_hand.account_id
    where versions.version_rank = 1
),

accounts as (
    select
        versions.*,
        coalesce(timezones.timezone, 'UTC') as timezone
    from latest_versions as versions
    left join timezones on versions.given_timezone = timezones.timezone
)

-- A new account, or one whose calendar days have moved, touches all of its contacts.
select
    accounts.*,
    {{ zone_release() }} as zone_release,
    {% if is_incremental() -%}
    case
        when accounts.timezone = held.timezone and {{ zone_release() }} = held.zone_release then held.batch
        else {{ next_batch() }}
    end as batch
    {%- else -%}
    {{ next_batch() }} as batch
    {%- endif %}
from accounts
{% if is_incremental() -%}
left join (
    select
        {{ held_columns(['account_id', 'timezone', 'zone_release', 'batch']) | join(', ') }}
    from {{ this }} as held
) as held on accounts.account_id = held.account_id
{%- endif %}
