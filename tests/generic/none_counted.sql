{% test none_counted(model, column_name) %}
{# Rows whose count is not 0. #}
select *
from {{ model }}
where {{ column_name }} != 0
{% endtest %}
