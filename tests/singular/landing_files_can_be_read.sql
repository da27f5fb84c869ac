{{ config(severity='warn') }}
-- Files that cannot be read, each with the reason.
select
    path,
    problem
from {{ ref('landing_files') }}
where problem is not null
