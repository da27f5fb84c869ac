{#
    The rank of an entity's version: the latest updated_at first, then the latest ingest day. Ties are broken by the content, so the
    order of arrival never matters.
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
