{# A stream's contract columns, each with whether blanks around its values are kept, as in bodies. Only landing.yml lists them. #}
{% macro landing_columns(stream) %}
    {%- set columns = {} -%}
    {%- if execute -%}
        {%- for source in graph.sources.values() if source.source_name == 'landing' and source.name == stream -%}
            {%- for column in source.columns.values() -%}
                {%- do columns.update({column.name: column.meta.get('verbatim', column.config.get('meta', {}).get('verbatim', false))}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(columns) }}
{% endmacro %}


{# The contract's streams, each with its columns. #}
{% macro landing_streams() %}
    {%- set streams = {} -%}
    {%- if execute -%}
        {%- for source in graph.sources.values() if source.source_name == 'landing' -%}
            {%- do streams.update({source.name: source.columns.keys() | list}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(streams) }}
{% endmacro %}


{#
    The files that a stream's base table does not hold yet, in groups that one reader takes: files of the same columns and types. Each group
    has its paths, ingest days and ids as lists in SQL, so that thousands of files cost no loop here. That a file is not held follows from the
    table's own rows, so a run that dies before it is written leaves its files to the next run.
#}
{% macro landing_files_to_read(stream) %}
    {%- set groups = [] -%}
    {%- set landing_files = ref('landing_files') -%}
    {%- if execute and load_relation(landing_files) is not none -%}
        {%- set base = base_of(stream, landing_files) -%}
        {%- set new_files -%}
            from {{ landing_files }}
            where stream = '{{ stream }}' and problem is null
            {%- if base is not none and not flags.FULL_REFRESH %}
                and file_id not in {{ files_held_by(base) }}
            {%- endif %}
        {%- endset -%}
        {#- Erasures are read from scratch each time, so their files may be gone. Asking first saves most streams the listing. -#}
        {%- if base is none and run_query('select count(*) ' ~ new_files).columns[0][0] -%}
            {%- set new_files = new_files ~ ' and path in (select files.path from (' ~ list_landing_files() ~ ') as files)' -%}
        {%- endif -%}
        {%- set query -%}
            with new_files as (
                select
                    *,
                    coalesce(signature, '') as file_signature,
                    -- A Parquet column of this name would hide the reader's number of the file, so such files are read one by one.
                    case
                        when signature is not null and list_contains(list_transform(columns, name -> {{ ascii_lower('name') }}), 'file_index') then file_id
                    end as alone
                {{ new_files }}
            )

            select
                to_json(list_transform(any_value(columns), name -> {{ ascii_lower('name') }})) as columns,
                max(longest_line) as longest_line,
                to_json(list({path: path, ingest_date: ingest_date, file_id: file_id}) filter (where repaired_lines > 0)) as repaired,
                {{ sql_list(landing_path('path')) }} as paths,
                {{ sql_list("'''' || ingest_date || ''''") }} as days,
                {{ sql_list('file_id') }} as ids,
                count(*) > 1 as are_several
            from new_files
            group by file_signature, alone
            order by min(ingest_date), min(path)
        {%- endset -%}
        {%- for row in run_query(query) -%}
            {%- do groups.append({
                'columns': fromjson(row['columns']) or [], 'longest_line': (row['longest_line'] or 0) | int,
                'repaired': fromjson(row['repaired'] or '[]'), 'paths': row['paths'], 'days': row['days'], 'ids': row['ids'],
                'are_several': row['are_several'],
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(groups) }}
{% endmacro %}

{# The table that holds a stream's rows; none if it is not built yet, or the stream has none. #}
{% macro base_of(stream, landing_files) %}
    {{ return(load_relation(landing_files.incorporate(path={'identifier': 'base_' ~ stream}))) }}
{% endmacro %}

{# The ids of the files whose rows a base table holds, as a subquery. #}
{% macro files_held_by(base) -%}
    (select distinct held.file_id from {{ base.include(database=false) }} as held where held.file_id is not null)
{%- endmacro %}

{# A name as DuckDB compares names: without the case of letters of ASCII, and of these alone. #}
{% macro ascii_lower(name) -%}
    translate({{ name }}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
{%- endmacro %}

{# The values of a group's files as an SQL list. #}
{% macro sql_list(value) -%}
    '[' || string_agg({{ value }}, ', ' order by ingest_date, path) || ']'
{%- endmacro %}

{# A path as the readers take it: with the landing zone before it, and the characters of patterns standing for themselves. #}
{% macro landing_path(path) -%}
    '''' || replace(regexp_replace({{ sql_text(landing_folder() ~ '/') }} || {{ path }}, '([*?\[])', '[\1]', 'g'), '''', '''''') || ''''
{%- endmacro %}


{#
    A query for the files of a base table that have changed since. On most days there are none. Asking first, over one narrow column,
    saves a scan of every row.
#}
{% macro outdated_files(base) -%}
    select distinct held.file_id
    from {{ base }} as held
    where held.file_id not in (select files.file_id from {{ ref('landing_files') }} as files where files.file_id is not null)
{%- endmacro %}
