{#
    The place of an entity's version among all of it: the latest updated_at first, then the latest ingest day.
    What is left is decided by the content, so that no order of arrival matters.
#}
{% macro version_rank(ids, attributes) -%}
    row_number() over (
        partition by {{ ids | join(', ') }}
        order by
            updated_at desc nulls last, ingest_date desc, {% for attribute in attributes -%}
                {{ attribute }} desc nulls last{{ ', ' if not loop.last }}
            {%- endfor %}
    )
{%- endmacro %}
