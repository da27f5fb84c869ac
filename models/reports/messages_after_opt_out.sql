{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null', 'template := null']) }}

select
    date_day,
    sent_at,
    contact_id,
    message_id,
    campaign_id,
    template_id,
    opted_out_at
from {{ ref('fct_messages_after_opt_out') }}
where
    {{ in_range(['campaign', 'template']) }}
order by sent_at, contact_id, message_id
