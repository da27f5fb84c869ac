with values_by_column as (
    {% set columns = columns_of_vocabularies() -%}
    {% for stream, column in columns -%}
    select
        '{{ stream }}' as stream,
        '{{ column }}' as column_name,
        {{ column }} as landed_value,
        count(*) as row_count,
        min(ingest_date) as first_ingest_date,
        max(ingest_date) as last_ingest_date
    from {{ ref('base_' ~ stream) }}
    where {{ column }} is not null and {{ vocabulary_word(stream, column, column) }} is null
    group by {{ column }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    stream,
    column_name as {{ adapter.quote('column') }},
    landed_value as {{ adapter.quote('value') }},
    row_count as {{ adapter.quote('rows') }},
    first_ingest_date,
    last_ingest_date
from values_by_column
