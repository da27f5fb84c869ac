{% test unique_together(model, columns) %}
{# Two rows of one key: the key's columns and how many rows share them. Nulls count as values. #}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
