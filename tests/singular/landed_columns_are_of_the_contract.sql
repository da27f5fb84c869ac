{{ config(severity='warn') }}
-- Landing files with columns that the contract does not name; these columns are ignored.
select
    path,
    unknown_columns
from {{ ref('landing_files') }}
where {{ array_size('unknown_columns') }} > 0
