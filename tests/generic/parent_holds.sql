{% test parent_holds(model) %}
{# Accounts whose landed parent is unknown, or leads back to the account itself: they are top accounts. #}
select *
from {{ model }}
where landed_parent_account_id is not null and parent_account_id is null
{% endtest %}
