{# Whether this run updates a table in place. #}
{% macro is_incremental() %}{{ return(adapter.dispatch('is_incremental')()) }}{% endmacro %}

{% macro duckdb__is_incremental() %}{{ return(dbt.is_incremental()) }}{% endmacro %}

{#- Parquet tables cannot be updated: every run rewrites them. -#}
{% macro spark__is_incremental() %}{{ return(false) }}{% endmacro %}


{# How rows are replaced on engines that update tables in place. Each statement runs in its model's transaction. #}


{# Replaces all rows of the touched contacts, including contacts that no longer have any. #}
{% macro get_incremental_replace_contacts_sql(arg_dict) %}
    {% if all_contacts_are_touched() -%}
    delete from {{ arg_dict.target_relation }};
    {%- else -%}
    delete from {{ arg_dict.target_relation }} as facts
    using {{ ref('int_touched_contacts') }} as touched
    where facts.contact_id = touched.contact_id and facts.account_id = touched.account_id;
    {%- endif %}
    {{ delete_forgotten(arg_dict.target_relation, ref('int_forgotten_contacts')) }}

    {{ get_insert_into_sql(arg_dict.target_relation, arg_dict.temp_relation, arg_dict.dest_columns) }}
{% endmacro %}


{# Replaces the rows of changed landing files, and the rows of every event that this run de-duplicated again. #}
{% macro get_incremental_replace_events_sql(arg_dict) %}
    {{ get_incremental_replace_files_rows_sql(arg_dict) }}

    delete from {{ arg_dict.target_relation }} as held
    using (
        -- Only events of files held before can be in the table.
        select distinct account_id, contact_id, event_id
        from {{ arg_dict.temp_relation }}
        where file_id in (select distinct file_id from {{ arg_dict.target_relation }})
    ) as deduplicated
    where
        held.event_id = deduplicated.event_id
        and held.contact_id = deduplicated.contact_id
        and held.account_id = deduplicated.account_id
        and {{ may_count('held.reject_reason') }};
    {{ delete_forgotten(arg_dict.target_relation, ref('stg_forgotten_contacts')) }}

    {{ get_insert_into_sql(arg_dict.target_relation, arg_dict.temp_relation, arg_dict.dest_columns) }}
{% endmacro %}


{# Deletes the rows of forgotten contacts. #}
{% macro delete_forgotten(relation, forgotten_contacts) %}
    delete from {{ relation }} as held
    using {{ forgotten_contacts }} as forgotten
    where held.contact_id = forgotten.contact_id and held.account_id = forgotten.account_id;
{% endmacro %}


{# Replaces the rows of changed landing files. #}
{% macro get_incremental_replace_files_sql(arg_dict) %}
    {{ get_incremental_replace_files_rows_sql(arg_dict) }}

    {{ get_insert_into_sql(arg_dict.target_relation, arg_dict.temp_relation, arg_dict.dest_columns) }}
{% endmacro %}

{% macro get_incremental_replace_files_rows_sql(arg_dict) %}
    delete from {{ arg_dict.target_relation }}
    where file_id in ({{ outdated_files(arg_dict.target_relation) }});
{% endmacro %}
