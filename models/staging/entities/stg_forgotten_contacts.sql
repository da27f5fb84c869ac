-- Reads the landing zone each time: that a contact is forgotten stands there and nowhere else.
with landed as (
    {{ read_landing(source('landing', 'forgotten_contacts')) }}
)

select
    account_id,
    contact_id
from landed
where account_id is not null and contact_id is not null
group by account_id, contact_id
