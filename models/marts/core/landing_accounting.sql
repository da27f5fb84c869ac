with staged_rows as (
    {% for stream in event_streams() -%}
    select
        '{{ stream }}' as stream,
        count(*) filter (where reject_reason is null and not is_duplicate) as accepted_rows,
        count(*) filter (where is_duplicate) as duplicate_rows,
        count(*) filter (where reject_reason != 'forgotten') as rejected_rows,
        count(*) filter (where reject_reason = 'forgotten') as forgotten_rows
    from {{ ref('base_' ~ stream) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

landed_rows as (
    select
        stream,
        count(*) filter (where file_id is not null) as files,
        count(*) filter (where problem is not null) as unreadable_files,
        sum(rows_landed) filter (where file_id is not null) as landed_rows,
        sum(broken_lines) filter (where file_id is not null) as broken_lines
    from {{ ref('landing_files') }}
    group by stream
)

select
    staged_rows.stream,
    cast(coalesce(landed_rows.landed_rows, 0) as bigint) as landed_rows,
    staged_rows.accepted_rows,
    staged_rows.duplicate_rows,
    staged_rows.rejected_rows,
    staged_rows.forgotten_rows,
    cast(coalesce(landed_rows.broken_lines, 0) as bigint) as broken_lines,
    coalesce(landed_rows.files, 0) as files,
    coalesce(landed_rows.unreadable_files, 0) as unreadable_files
from staged_rows
left join landed_rows on staged_rows.stream = landed_rows.stream
