{{ config(meta={'dagster': {'ref': {'name': 'landing_files'}}}) }}
-- Landing files with rows that the tables do not hold as accepted, duplicate, rejected or forgotten rows.
-- A file that grew after it was listed is left to the next run, which reads it again.
with held_rows as (
    {% for stream in event_streams() -%}
    select
        file_id,
        count(*) as row_count
    from {{ ref('base_' ~ stream) }}
    group by file_id
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

files_on_disk as (
    {{ list_landing_files() }}
)

select
    files.path,
    files.rows_landed,
    coalesce(held_rows.row_count, 0) as rows_held
from {{ ref('landing_files') }} as files
left join held_rows on files.file_id = held_rows.file_id
left join files_on_disk on files.path = files_on_disk.path
where
    files.stream in (select accounting.stream from {{ ref('landing_accounting') }} as accounting)
    and files.problem is null
    and files.rows_landed != coalesce(held_rows.row_count, 0)
    and coalesce(files.bytes = files_on_disk.bytes and files.modified_at = files_on_disk.modified_at, true)
