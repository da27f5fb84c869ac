with files as (
    select * from {{ ref('landing_files') }}
)

{% for stream in event_streams() -%}
select
    '{{ stream }}' as stream,
    rows.event_id,
    rows.reject_reason as reason,
    rows.row_json,
    rows.ingest_date,
    files.path as landing_file
from {{ ref('base_' ~ stream) }} as rows
left join files on rows.file_id = files.file_id
where rows.reject_reason != 'forgotten'
{{ 'union all' if not loop.last }}
{% endfor %}
