{#
    The landing zone as each engine reads it. A landed row is its contract columns as text, and
    landed_row (the row whole), ingest_date (the day that its folder names) and file_id (of landing_files).
#}


{# Ends the run with one clear sentence when the landing zone cannot be read at all. #}
{% macro check_landing() %}{{ return(adapter.dispatch('check_landing')()) }}{% endmacro %}

{% macro duckdb__check_landing() %}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- set problem = run_query('select landing_set_up_problem(' ~ landing_location() ~ ')').columns[0][0] -%}
        {%- if problem -%}{{ exceptions.raise_compiler_error(problem) }}{%- endif -%}
        {%- if load_relation(this) is not none and not flags.FULL_REFRESH -%}
            {%- set query -%}
                select count(*) > 0 and count(*) filter (where listed.path is not null) = 0
                from {{ this }} as held
                left join ({{ duckdb__list_landing_files() }}) as listed on held.path = listed.path
                where held.file_id is not null
            {%- endset -%}
            {%- if run_query(query).columns[0][0] -%}
                {{ exceptions.raise_compiler_error(
                    'The warehouse holds another landing zone: none of the files that it was built from is in OUTREACH_LANDING. '
                    ~ 'Name another file with OUTREACH_WAREHOUSE, or build this one anew with --full-refresh.'
                ) }}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{# The variables that say where the landing zone is and what its files are. #}
{% macro landing_folder() %}{{ return(env_var('OUTREACH_LANDING', 'data/landing')) }}{% endmacro %}

{% macro landing_format() %}{{ return(env_var('OUTREACH_LANDING_FORMAT', 'jsonl')) }}{% endmacro %}

{% macro sql_text(value) -%}
    '{{ value | replace("'", "''") }}'
{%- endmacro %}

{% macro landing_location() -%}
    {{ sql_text(landing_folder()) }}, {{ sql_text(landing_format()) }}
{%- endmacro %}


{# Every file of the landing zone, unopened: path, stream, ingest_date, bytes, modified_at, problem. #}
{% macro list_landing_files() %}{{ return(adapter.dispatch('list_landing_files')()) }}{% endmacro %}

{% macro duckdb__list_landing_files() -%}
    select file.* from (select unnest(list_landing_files({{ landing_location() }})) as file)
{%- endmacro %}


{# What files hold, read from start to end: path, and inspection (digest, rows, broken_lines, longest_line, columns, signature, problem). #}
{% macro inspect_landing_files(paths) %}{{ return(adapter.dispatch('inspect_landing_files')(paths)) }}{% endmacro %}

{% macro duckdb__inspect_landing_files(paths) -%}
    {#- All at once, so that several are read at the same time. -#}
    select
        unnest(paths) as path,
        unnest(inspect_landing_files({{ sql_text(landing_folder()) }}, paths, {{ sql_text(landing_format()) }})) as inspection
    from (select coalesce(list(path), []) as paths from {{ paths }})
{%- endmacro %}


{# A text that changes with any rule of the project. #}
{% macro rules_fingerprint() %}{{ return(adapter.dispatch('rules_fingerprint')()) }}{% endmacro %}

{% macro duckdb__rules_fingerprint() -%}
    rules_fingerprint()
{%- endmacro %}


{#
    The rows of the files that this run has to read: those of landing_files that the stream's base table does not hold.
    Paths stand in the query, so that DuckDB opens these files and no others.
#}
{% macro read_landing(stream_source) %}{{ return(adapter.dispatch('read_landing')(stream_source)) }}{% endmacro %}

{% macro duckdb__read_landing(stream_source) -%}
    {%- set stream = stream_source.identifier -%}
    {%- set files = landing_files_to_read(stream) -%}
    {%- set columns = landing_columns(stream) -%}
    {%- set groups = files | groupby('signature') -%}
    {%- for signature, group in groups %}
        {{- '\nunion all by name\n' if not loop.first }}
        {{- duckdb__read_landing_files(group, columns, groups) }}
    {%- else -%}
        {#- Nothing to read: the same columns and no rows. -#}
        select
            {% for name in columns -%}
                cast(null as varchar) as {{ name }},
            {% endfor -%}
            cast(null as json) as landed_row,
            cast(null as date) as ingest_date,
            cast(null as bigint) as file_id
        where false
    {%- endfor -%}
{%- endmacro %}

{% macro duckdb__read_landing_files(files, columns, groups) %}
    {%- set is_parquet = landing_format() == 'parquet' -%}
    {%- if is_parquet -%}
        {%- set present = files[0].columns | map('lower') | list -%}
        {%- set all_columns = [] -%}
        {%- for signature, group in groups -%}{%- do all_columns.extend(group[0].columns | map('lower')) -%}{%- endfor -%}
    {%- endif -%}
    select
        {% for name, verbatim in columns.items() -%}
            {%- if not is_parquet -%}
                {%- set value = 'fields.' ~ name -%}
            {%- elif name in present -%}
                {%- set value = 'cast("' ~ name ~ '" as varchar)' -%}
            {%- else -%}
                {%- set value = 'cast(null as varchar)' -%}
            {%- endif -%}
            {{ value if verbatim else trimmed(value) }} as {{ name }},
        {% endfor -%}
        {% if is_parquet -%}
            {#- All files' columns, so that rows of all files have one type. -#}
            struct_pack(
                {%- for name in all_columns | unique | sort -%}
                    "{{ name | replace('"', '""') }}" := {{ 'cast("' ~ (name | replace('"', '""')) ~ '" as varchar)' if name | lower in present else 'cast(null as varchar)' }}
                    {{- ', ' if not loop.last }}
                {%- endfor -%}
            ) as landed_row,
        {%- else -%}
            json as landed_row,
        {%- endif %}
        cast([{% for file in files %}'{{ file.ingest_date }}'{{ ', ' if not loop.last }}{% endfor %}][cast(file_index as bigint) + 1] as date) as ingest_date,
        cast([{% for file in files %}{{ file.file_id }}{{ ', ' if not loop.last }}{% endfor %}][cast(file_index as bigint) + 1] as bigint) as file_id
    from
        {% set paths -%}
            [{% for file in files %}'{{ (landing_folder() ~ '/' ~ file.path) | replace("[", "[[]") | replace("*", "[*]") | replace("?", "[?]") | replace("'", "''") }}'{{ ', ' if not loop.last }}{% endfor %}]
        {%- endset -%}
        {% if is_parquet -%}
            read_parquet({{ paths }}, hive_partitioning = false)
        {%- else -%}
            (
                select
                    json,
                    file_index,
                    json_transform(json, '{ {%- for name in columns %}"{{ name }}": "VARCHAR"{{ ', ' if not loop.last }}{% endfor -%} }') as fields
                from read_json_objects(
                    {{ paths }}, format = 'newline_delimited', ignore_errors = true,
                    maximum_object_size = {{ [16777216, 2 * (files | map(attribute='longest_line') | max)] | max }}
                )
                where json is not null
            )
        {%- endif -%}
{%- endmacro %}


{# A landed row as JSON text. #}
{% macro landed_row_as_json(landed_row) %}{{ return(adapter.dispatch('landed_row_as_json')(landed_row)) }}{% endmacro %}

{% macro duckdb__landed_row_as_json(landed_row) -%}
    {%- if landing_format() == 'parquet' -%}
        {#- Without nulls, so that the row does not tell which files it was read together with. -#}
        cast(json_merge_patch('{}', to_json({{ landed_row }})) as varchar)
    {%- else -%}
        cast({{ landed_row }} as varchar)
    {%- endif -%}
{%- endmacro %}
