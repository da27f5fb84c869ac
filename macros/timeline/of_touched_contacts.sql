{# Keeps the rows of touched contacts: everything that is computed per contact starts here. #}
{% macro of_touched_contacts(relation) -%}
    {%- set touched_contacts = ref('touched_contacts') -%}
    select rows.*
    from {{ relation }} as rows
    {%- if not timeline_is_whole() %}
    semi join {{ touched_contacts }} as touched
        on rows.contact_id = touched.contact_id and rows.account_id = touched.account_id
    {%- endif %}
{%- endmacro %}
