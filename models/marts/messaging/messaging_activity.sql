select *
from {{ ref('contact_activity') }}
union all
select *
from {{ ref('account_activity') }}
