{# Selects the rows of touched contacts. Everything computed per contact starts here. #}
{% macro of_touched_contacts(relation) -%}
    {%- set touched_contacts = ref('int_touched_contacts') -%}
    select rows.*
    from {{ relation }} as rows
    {%- if not all_contacts_are_touched() %}
    semi join {{ touched_contacts }} as touched
        on rows.contact_id = touched.contact_id and rows.account_id = touched.account_id
    {%- endif %}
{%- endmacro %}


{#
    Selects the rows about touched contacts' messages or calls, which do not name their contact.

    relation: the rows.
    key: the column that identifies the message or call within its account.
    events: the CTE of the touched contacts' events.
#}
{% macro of_touched(relation, key, events) -%}
    select rows.*
    from {{ relation }} as rows
    {%- if not all_contacts_are_touched() %}
    semi join {{ events }} as events on rows.{{ key }} = events.{{ key }} and rows.account_id = events.account_id
    {%- endif %}
{%- endmacro %}
