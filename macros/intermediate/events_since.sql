{#
    The events of every stream that came after a batch, and the events of accounts that changed after it. Each condition is on a single
    table, so that DuckDB skips older rows.

    batch: the batch; 0 for all events.
    columns: the columns of the events.
#}
{% macro events_since(batch, columns) -%}
    {%- for stream in event_streams() %}
    {{- '\n    union all\n    ' if not loop.first }}
    {%- set events = ref('stg_' ~ stream) -%}
    select {{ columns | join(', ') }}
    from {{ events }}
    where batch > {{ batch }}
    union all
    select {{ prefixed(columns, 'events') | join(', ') }}
    from {{ events }} as events
    inner join {{ ref('stg_accounts') }} as accounts on events.account_id = accounts.account_id
    where accounts.batch > {{ batch }} and events.batch <= {{ batch }}
    {%- endfor %}
{%- endmacro %}
