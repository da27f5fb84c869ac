{% test known_in(model, parent, columns) %}
{# Keys, null ones aside, that the parent does not know, each with how many rows have it. #}
select
    {{ prefixed(columns, 'children') | join(', ') }},
    count(*) as row_count
from {{ model }} as children
left join {{ parent }} as parents
    on {% for column in columns -%}
        children.{{ column }} = parents.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor %}
where
    children.{{ columns[-1] }} is not null
    and parents.{{ columns[-1] }} is null
group by {{ prefixed(columns, 'children') | join(', ') }}
{% endtest %}
