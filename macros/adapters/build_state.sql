{#
    What each table that is computed per contact holds. A staged row carries the batch that brought it; a fact table holds all
    batches up to the one that stands here, written in the transaction that wrote the table. What a fact table has yet to take
    over thus follows from the tables alone, and a build that died halfway leaves it to the next one.
    On Spark every run writes whole tables: there is nothing to remember.
#}
{% macro prepare_build_state() %}{{ return(adapter.dispatch('prepare_build_state')()) }}{% endmacro %}

{% macro duckdb__prepare_build_state() %}
    create schema if not exists intermediate;
    create table if not exists intermediate.build_state (model_name varchar, since_batch bigint, batch bigint);
    -- What version 1.0 called a schema and a table. Contact ids that are to be forgotten do not stay behind.
    drop schema if exists timeline cascade;
    drop table if exists marts.fct_activities;
{% endmacro %}

{% macro spark__prepare_build_state() %}{% endmacro %}


{# The batch of the rows that are staged now: one more than any table computed per contact holds. #}
{% macro next_batch() %}{{ return(adapter.dispatch('next_batch')()) }}{% endmacro %}

{% macro duckdb__next_batch() %}
    {%- if execute -%}
        {{ return(run_query('select coalesce(max(batch), 0) + 1 from intermediate.build_state').columns[0][0] | int) }}
    {%- endif -%}
    {{ return(1) }}
{% endmacro %}

{% macro spark__next_batch() %}{{ return(1) }}{% endmacro %}


{# The fact tables: every model that replaces contacts. #}
{% macro fact_tables() %}
    {%- set tables = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.incremental_strategy == 'replace_contacts' -%}
        {%- do tables.append(node) -%}
    {%- endfor -%}
    {{ return(tables) }}
{% endmacro %}


{#
    The last batch that every fact table holds; 0 where one holds nothing, and all contacts have to be computed:
    in a full refresh, when a table is new, and when it was dropped.
#}
{% macro settled_batch() %}{{ return(adapter.dispatch('settled_batch')()) }}{% endmacro %}

{% macro duckdb__settled_batch() %}
    {%- if not execute or flags.FULL_REFRESH -%}{{ return(0) }}{%- endif -%}
    {%- set batches = [] -%}
    {%- for node in fact_tables() -%}
        {%- set relation = adapter.get_relation(node.database, node.schema, node.alias) -%}
        {%- set query = "select coalesce(max(batch), 0) from intermediate.build_state where model_name = '" ~ node.name ~ "'" -%}
        {%- do batches.append(0 if relation is none else run_query(query).columns[0][0] | int) -%}
    {%- endfor -%}
    {{ return(batches | min if batches else 0) }}
{% endmacro %}

{% macro spark__settled_batch() %}{{ return(0) }}{% endmacro %}


{# Whether the intermediate tables in the warehouse are of all contacts, so that there is nothing to select. #}
{% macro all_contacts_are_touched() %}{{ return(adapter.dispatch('all_contacts_are_touched')()) }}{% endmacro %}

{% macro duckdb__all_contacts_are_touched() %}
    {%- if not execute -%}{{ return(true) }}{%- endif -%}
    {%- set query = "select coalesce(max(since_batch), 0) from intermediate.build_state where model_name = 'int_touched_contacts'" -%}
    {{ return(run_query(query).columns[0][0] | int == 0) }}
{% endmacro %}

{% macro spark__all_contacts_are_touched() %}{{ return(true) }}{% endmacro %}


{# Post-hook of int_touched_contacts: which batches its contacts are the difference of. #}
{% macro remember_touched() %}{{ return(adapter.dispatch('remember_touched')()) }}{% endmacro %}

{% macro duckdb__remember_touched() %}
    delete from intermediate.build_state where model_name = 'int_touched_contacts';
    insert into intermediate.build_state values ('int_touched_contacts', {{ settled_batch() }}, {{ next_batch() }});
{% endmacro %}

{% macro spark__remember_touched() %}{% endmacro %}


{# Post-hook of every fact table: it now holds what the intermediate tables were computed from. #}
{% macro remember_batch() %}{{ return(adapter.dispatch('remember_batch')()) }}{% endmacro %}

{% macro duckdb__remember_batch() %}
    delete from intermediate.build_state where model_name = '{{ this.identifier }}';
    insert into intermediate.build_state
    select '{{ this.identifier }}', since_batch, batch from intermediate.build_state where model_name = 'int_touched_contacts';
{% endmacro %}

{% macro spark__remember_batch() %}{% endmacro %}


{# Pre-hook of every fact table: a table that starts anew needs all contacts, and not the last difference alone. #}
{% macro require_all_contacts() %}{{ return(adapter.dispatch('require_all_contacts')()) }}{% endmacro %}

{% macro duckdb__require_all_contacts() %}
    {#- Replacing contacts reads the lists of them: named here, so that dbt builds it first. -#}
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
