{{ activity_rows(ref('fct_response_times'), [
    "'response' as activity", 'account_id', 'date_day', 'contact_id', 'response_seconds',
]) }}
union all
{{ activity_rows(ref('dim_campaigns'), [
    "'campaign_created' as activity", 'account_id', 'created_day as date_day', 'campaign_id', 'campaign_type',
]) }}
where created_day is not null
