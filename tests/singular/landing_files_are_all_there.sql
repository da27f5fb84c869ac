{{ config(severity='warn') }}
-- Files that the warehouse holds and the landing zone no longer does. Their rows stay; a full refresh would be without them.
select files.path
from {{ ref('landing_files') }} as files
where
    files.file_id is not null
    and files.path not in (select files_on_disk.path from ({{ list_landing_files() }}) as files_on_disk)
