{{ config(meta={'dagster': {'ref': {'name': 'landing_accounting'}}}) }}
-- Event streams whose landed rows are not the sum of accepted, duplicate, rejected and forgotten rows.
-- A stream with a file that grew while it was read balances after the next run.
with files_on_disk as (
    {{ list_landing_files() }}
),

growing_streams as (
    select files.stream
    from {{ ref('landing_files') }} as files
    inner join files_on_disk on files.path = files_on_disk.path
    where files.bytes != files_on_disk.bytes or files.modified_at != files_on_disk.modified_at
)

select *
from {{ ref('landing_accounting') }}
where
    landed_rows != accepted_rows + duplicate_rows + rejected_rows + forgotten_rows
    and stream not in (select growing_streams.stream from growing_streams)
