{{ config(materialized='table') }}

with files as (
    select * from {{ ref('landing_files') }}
),

erased_rows as (
    {% for stream in event_streams() -%}
    select file_id
    from {{ ref('base_' ~ stream) }}
    where reject_reason is not null and row_json is null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

files_on_disk as (
    {{ list_landing_files() }}
)

select
    files.path as landing_file,
    count(*) as row_count
from erased_rows
inner join files on erased_rows.file_id = files.file_id
inner join files_on_disk on files.path = files_on_disk.path
group by files.path
