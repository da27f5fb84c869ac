{#
    The staged rows of an attribute stream: the rows of the files that are read and, for a message or call that its changed file no
    longer mentions, only the key. The batch of a key therefore shows that something known of it has changed.

    typed_rows: the CTE of landed rows with account_id, the key, the attributes, updated_at, ingest_date and file_id.
    key: the column that identifies the message or call within its account.
#}
{% macro stage_attributes(typed_rows, key) -%}
select
    *,
    {{ next_batch() }} as batch
from {{ typed_rows }}
{%- if is_incremental() %}
union all by name
select distinct
    outdated.account_id,
    outdated.{{ key }},
    {{ next_batch() }} as batch
from {{ this }} as outdated
anti join {{ typed_rows }} as rows on outdated.{{ key }} = rows.{{ key }} and outdated.account_id = rows.account_id
where
    outdated.{{ key }} is not null
    and outdated.account_id is not null
    and outdated.file_id in ({{ outdated_files(this) }})
{%- endif %}
{%- endmacro %}


{#
    What is known of each message or call, column by column: the value of the latest row that gives one. Ties are broken by the content,
    so the order of arrival never matters.

    rows: the relation of staged rows.
    key: as above.
    attributes: the names of the columns.
#}
{% macro known_attributes(rows, key, attributes) -%}
select
    account_id,
    {{ key }},
    {%- for attribute in attributes %}
    {{ first_known(attribute, 'version_rank') }} as {{ attribute }}{{ ',' if not loop.last }}
    {%- endfor %}
from (
    select
        *,
        {{ version_rank(['account_id', key], attributes) }} as version_rank
    from {{ rows }}
) as versions
group by account_id, {{ key }}
{%- endmacro %}
