{#
    The batches that each table computed per contact holds. A staged row carries the batch that brought it, and a fact table holds every
    batch up to the one recorded here, in the same transaction as its rows. What a fact table still lacks therefore follows from the
    tables alone, and a build that dies halfway leaves the rest to the next one.
    On Spark every run writes whole tables, so there is nothing to remember.
#}
{% macro prepare_build_state() %}{{ return(adapter.dispatch('prepare_build_state')()) }}{% endmacro %}

{% macro duckdb__prepare_build_state() %}
    create schema if not exists intermediate;
    create table if not exists intermediate.build_state (model_name varchar, since_batch bigint, batch bigint);
    -- Names from version 1.0. Contact ids that have to be forgotten must not stay behind in them.
    drop schema if exists timeline cascade;
    drop table if exists marts.fct_activities;
{% endmacro %}

{% macro spark__prepare_build_state() %}{% endmacro %}


{# The batch of the rows staged by this run: one more than the last batch of any table computed per contact. #}
{% macro next_batch() %}{{ return(adapter.dispatch('next_batch')()) }}{% endmacro %}

{% macro duckdb__next_batch() %}
    {%- if execute -%}
        {{ return(run_query('select coalesce(max(batch), 0) + 1 from intermediate.build_state').columns[0][0] | int) }}
    {%- endif -%}
    {{ return(1) }}
{% endmacro %}

{% macro spark__next_batch() %}{{ return(1) }}{% endmacro %}


{# The fact tables: every model that replaces the rows of contacts. #}
{% macro fact_tables() %}
    {%- set tables = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.incremental_strategy == 'replace_contacts' -%}
        {%- do tables.append(node) -%}
    {%- endfor -%}
    {{ return(tables) }}
{% endmacro %}


{#
    The last batch that every fact table holds. It is 0 if one of them is empty, new or dropped, and in a full refresh: all contacts
    are then computed.
#}
{% macro completed_batch() %}{{ return(adapter.dispatch('completed_batch')()) }}{% endmacro %}

{% macro duckdb__completed_batch() %}
    {%- if not execute or flags.FULL_REFRESH -%}{{ return(0) }}{%- endif -%}
    {%- set batches = [] -%}
    {%- for node in fact_tables() -%}
        {%- set relation = adapter.get_relation(node.database, node.schema, node.alias) -%}
        {%- set query = "select coalesce(max(batch), 0) from intermediate.build_state where model_name = '" ~ node.name ~ "'" -%}
        {%- do batches.append(0 if relation is none else run_query(query).columns[0][0] | int) -%}
    {%- endfor -%}
    {{ return(batches | min if batches else 0) }}
{% endmacro %}

{% macro spark__completed_batch() %}{{ return(0) }}{% endmacro %}


{# Whether the intermediate tables hold all contacts, so that no selection is needed. #}
{% macro all_contacts_are_touched() %}{{ return(adapter.dispatch('all_contacts_are_touched')()) }}{% endmacro %}

{% macro duckdb__all_contacts_are_touched() %}
    {%- if not execute -%}{{ return(true) }}{%- endif -%}
    {%- set query = "select coalesce(max(since_batch), 0) from intermediate.build_state where model_name = 'int_touched_contacts'" -%}
    {{ return(run_query(query).columns[0][0] | int == 0) }}
{% endmacro %}

{% macro spark__all_contacts_are_touched() %}{{ return(true) }}{% endmacro %}


{# Post-hook of int_touched_contacts: records the batches that its contacts come from. #}
{% macro remember_touched() %}{{ return(adapter.dispatch('remember_touched')()) }}{% endmacro %}

{% macro duckdb__remember_touched() %}
    delete from intermediate.build_state where model_name = 'int_touched_contacts';
    insert into intermediate.build_state values ('int_touched_contacts', {{ completed_batch() }}, {{ next_batch() }});
{% endmacro %}

{% macro spark__remember_touched() %}{% endmacro %}


{# Post-hook of every fact table: records that it holds the batches the intermediate tables were computed from. #}
{% macro remember_batch() %}{{ return(adapter.dispatch('remember_batch')()) }}{% endmacro %}

{% macro duckdb__remember_batch() %}
    delete from intermediate.build_state where model_name = '{{ this.identifier }}';
    insert into intermediate.build_state
    select '{{ this.identifier }}', since_batch, batch from intermediate.build_state where model_name = 'int_touched_contacts';
{% endmacro %}

{% macro spark__remember_batch() %}{% endmacro %}


{# Pre-hook of every fact table: a new table needs all contacts, not only the touched ones. #}
{% macro require_all_contacts() %}{{ return(adapter.dispatch('require_all_contacts')()) }}{% endmacro %}

{% macro duckdb__require_all_contacts() %}
    {#- Replacing contacts reads their list. It is named here so that dbt builds it first. -#}
    {%- set touched_contacts = [ref('int_touched_contacts'), ref('int_forgotten_contacts')] -%}
    {%- if execute and flags.WHICH in ('run', 'build') and not all_contacts_are_touched() -%}
        {%- if flags.FULL_REFRESH or load_relation(this) is none -%}
            {{ exceptions.raise_compiler_error(
                this.identifier ~ ' starts anew, but the intermediate tables hold the last touched contacts alone. '
                ~ 'Build it with them: dbt build --select int_touched_contacts+'
            ) }}
        {%- endif -%}
    {%- endif -%}
    select 1
{% endmacro %}

{% macro spark__require_all_contacts() %}{% endmacro %}
