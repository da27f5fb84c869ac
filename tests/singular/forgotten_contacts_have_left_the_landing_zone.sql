{{ config(severity='warn') }}
-- Landing files that still hold rows of forgotten contacts, for their owner to delete or rewrite.
select *
from {{ ref('landing_files_to_erase') }}
