{% for stream in event_streams() -%}
select
    '{{ stream }}' as stream,
    rows.event_id,
    rows.reject_reason as reason,
    rows.row_json,
    rows.ingest_date,
    files.path as landing_file
from {{ ref('base_' ~ stream) }} as rows
left join {{ ref('landing_files') }} as files on rows.file_id = files.file_id
where rows.reject_reason != 'forgotten'
{{ 'union all' if not loop.last }}
{% endfor %}
