{{ config(severity='warn', fail_calc='coalesce(sum(broken_lines), 0)') }}
-- Files with lines that are not JSON.
select
    path,
    broken_lines
from {{ ref('landing_files') }}
where broken_lines > 0
