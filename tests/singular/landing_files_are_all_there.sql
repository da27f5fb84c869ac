{{ config(severity='warn') }}
-- Files that the warehouse holds and the landing zone no longer does.
-- Their rows stay; a full refresh would be without them.
with files_on_disk as (
    {{ list_landing_files() }}
)

select files.path
from {{ ref('landing_files') }} as files
left join files_on_disk on files.path = files_on_disk.path
where files.file_id is not null and files_on_disk.path is null
