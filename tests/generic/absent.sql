{% test absent(model, column_name) %}
{# Rows that have something in a column where nothing should be. #}
select *
from {{ model }}
where {{ column_name }} is not null
{% endtest %}
