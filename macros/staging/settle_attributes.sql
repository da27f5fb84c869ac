{#
    The rows of a stream of attributes as they are staged: those of the files that are read, and, of rows whose file has changed and
    says nothing more of a message or call, its key alone. So the batch of a key tells that what is known of it has changed.

    typed_rows: CTE of the landed rows with account_id, the key, the attributes, updated_at, ingest_date and file_id.
    key: column that names what the attributes are of, within its account.
#}
{% macro settle_attributes(typed_rows, key) -%}
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
    What is known of each message or call, column by column: the latest row that gives a value. What is left undecided by its times is
    decided by the content, so that no order of arrival matters.

    rows: relation of the staged rows.
    key: as above.
    attributes: names of the columns.
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
