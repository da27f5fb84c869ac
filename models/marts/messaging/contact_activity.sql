{{ activity_rows(ref('fct_messages'), [
    "'message' as activity", 'account_id', 'date_day', 'campaign_id', 'template_id', 'contact_id', 'status', 'segments', 'price',
    'is_campaign_message', 'is_first_message as is_first',
    'previous_day_in_account', 'previous_day_in_campaign', 'previous_day_in_template', 'previous_day_in_campaign_template',
]) }}
union all
{{ activity_rows(ref('fct_attributed_events'), [
    'activity', 'account_id', 'date_day', 'campaign_id', 'template_id', 'contact_id', 'label_id', 'is_first',
    'previous_day_in_account', 'previous_day_in_campaign', 'previous_day_in_template', 'previous_day_in_campaign_template',
]) }}
union all
{{ activity_rows(ref('fct_messages_after_opt_out'), [
    "'message_after_opt_out' as activity", 'account_id', 'date_day', 'campaign_id', 'template_id', 'contact_id',
]) }}
