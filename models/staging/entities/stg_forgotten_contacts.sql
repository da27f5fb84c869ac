-- Read from the landing zone each time, the only place that says which contacts are forgotten.
with landed as (
    {{ read_landing(source('landing', 'forgotten_contacts')) }}
)

select
    account_id,
    contact_id
from landed
where account_id is not null and contact_id is not null
group by account_id, contact_id
