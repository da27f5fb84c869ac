{#
    The landing zone's rules for events, the same for every event stream, as CTEs that end with `deduplicated_events`. The first rule that
    a row breaks is its reject reason. One row of each event stays, and the others are duplicates. A forgotten contact's row keeps only
    its place in the accounting.

    typed_rows: the CTE of landed rows with account_id, contact_id, event_id, event_type, occurred_at, landed_row, ingest_date, file_id.
    stream: the stream's name in landing_rules.
    attributes: the names of its further columns.
#}
{% macro deduplicate_events(typed_rows, stream, attributes) -%}
{%- set landing_files = ref('landing_files') -%}
{%- set columns = ['account_id', 'contact_id', 'event_id', 'event_type', 'occurred_at'] + attributes -%}
judged_rows as (
    select
        rows.*,
        {{ reject_reason(stream) | indent(4) }} as reject_reason,
        forgotten.contact_id is not null as is_forgotten
    from {{ typed_rows }} as rows
    left join {{ ref('stg_accounts') }} as accounts on rows.account_id = accounts.account_id
    left join {{ ref('stg_forgotten_contacts') }} as forgotten
        on rows.contact_id = forgotten.contact_id and rows.account_id = forgotten.account_id
),

new_rows as (
    select
        {% for column in columns -%}
            case when not is_forgotten then {{ column }} end as {{ column }},
        {% endfor -%}
        {{ without_contact('reject_reason', 'is_forgotten') }} as reject_reason,
        case when reject_reason is not null and not is_forgotten then {{ landed_row_as_json('landed_row') }} end as row_json,
        ingest_date,
        file_id
    from judged_rows
),

{% if is_incremental() -%}
-- Rows of changed files leave, and the duplicates they displaced come back.
outdated_rows as (
    select *
    from {{ this }}
    where file_id in ({{ outdated_files(this) }})
),

-- Rows that waited for their account, which has now arrived.
admitted_rows as (
    select waiting.*
    from {{ this }} as waiting
    inner join {{ ref('stg_accounts') }} as accounts on waiting.account_id = accounts.account_id
    where waiting.reject_reason = 'unknown_account'
),

forgotten_rows as (
    select held.*
    from {{ this }} as held
    inner join {{ ref('stg_forgotten_contacts') }} as forgotten
        on held.contact_id = forgotten.contact_id and held.account_id = forgotten.account_id
),

touched_events as (
    select account_id, contact_id, event_id from new_rows where {{ may_count('reject_reason') }}
    union
    select account_id, contact_id, event_id from outdated_rows where {{ may_count('reject_reason') }}
    union
    select account_id, contact_id, event_id from admitted_rows
),

held_rows as (
    select
        {{ held_columns(columns) | join(',\n        ') }},
        case when accounts.account_id is null then held.reject_reason end as reject_reason,
        case when accounts.account_id is null then held.row_json end as row_json,
        held.ingest_date,
        held.file_id
    from {{ this }} as held
    inner join touched_events
        on
            held.event_id = touched_events.event_id
            and held.contact_id = touched_events.contact_id
            and held.account_id = touched_events.account_id
    left join {{ ref('stg_accounts') }} as accounts on held.account_id = accounts.account_id
    anti join {{ ref('stg_forgotten_contacts') }} as forgotten
        on held.contact_id = forgotten.contact_id and held.account_id = forgotten.account_id
    where
        {{ may_count('held.reject_reason') }}
        and held.file_id in (select files.file_id from {{ landing_files }} as files)
),

candidate_rows as (
    select * from new_rows
    union all
    select * from held_rows
    union all
    select
        {% for column in columns -%}
            null as {{ column }},
        {% endfor -%}
        {{ without_contact('reject_reason', 'true') }} as reject_reason,
        null as row_json,
        ingest_date,
        file_id
    from forgotten_rows
    where file_id in (select files.file_id from {{ landing_files }} as files)
),
{%- else -%}
candidate_rows as (
    select * from new_rows
),
{%- endif %}

-- Few events land more than once. A hash of the key finds the candidates at a fraction of the cost of ranking every row.
hashed_rows as (
    select
        *,
        {{ key_hash(['account_id', 'contact_id', 'event_id']) }} as event_hash
    from candidate_rows
),

repeated_hashes as (
    select event_hash
    from hashed_rows
    where reject_reason is null
    group by event_hash
    having count(*) > 1
),

-- The earliest ingest day wins, then the earliest time. Ties are broken by the content, so the order of arrival never matters.
ranked_rows as (
    select
        hashed_rows.*,
        row_number() over (
            partition by account_id, contact_id, event_id
            order by ingest_date, occurred_at, event_type, {{ attributes | join(', ') }}, file_id
        ) as event_rank
    from hashed_rows
    semi join repeated_hashes on hashed_rows.event_hash = repeated_hashes.event_hash
    where reject_reason is null
),

all_ranked_rows as (
    select
        hashed_rows.*,
        1 as event_rank
    from hashed_rows
    where reject_reason is not null or event_hash not in (select repeated_hashes.event_hash from repeated_hashes)
    union all
    select * from ranked_rows
),

deduplicated_events as (
    select
        {{ columns | join(',\n        ') }},
        reject_reason,
        row_json,
        event_rank > 1 as is_duplicate,
        ingest_date,
        file_id,
        {{ next_batch() }} as batch
    from all_ranked_rows
)
{%- endmacro %}


{# A row's reject reason, the only thing kept of a forgotten contact's row; an event gets `forgotten`. #}
{% macro without_contact(reject_reason, is_forgotten) -%}
    case when {{ is_forgotten }} and {{ may_count(reject_reason) }} then 'forgotten' else {{ reject_reason }} end
{%- endmacro %}


{# Columns of the existing table with its alias `held`. A column it lacks so far is null. #}
{% macro held_columns(columns) %}
    {%- set present = adapter.get_columns_in_relation(this) | map(attribute='name') | list if execute else columns -%}
    {%- set names = [] -%}
    {%- for column in columns -%}{%- do names.append('held.' ~ column if column in present else 'null as ' ~ column) -%}{%- endfor -%}
    {{ return(names) }}
{% endmacro %}


{# Column names with their relation's alias. #}
{% macro prefixed(columns, alias) %}
    {%- set names = [] -%}
    {%- for column in columns -%}{%- do names.append(alias ~ '.' ~ column) -%}{%- endfor -%}
    {{ return(names) }}
{% endmacro %}
