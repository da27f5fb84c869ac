{{ config(severity='warn') }}
-- Files that the warehouse holds and the landing zone no longer has.
-- Their rows stay, but a full refresh would lose them.
with files_on_disk as (
    {{ list_landing_files() }}
)

select files.path
from {{ ref('landing_files') }} as files
left join files_on_disk on files.path = files_on_disk.path
where files.file_id is not null and files_on_disk.path is null
