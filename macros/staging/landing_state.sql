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
    The files that a stream's base table does not hold yet. This follows from the table's own rows, so a run that dies before it is
    written leaves its files to the next run.
#}
{% macro landing_files_to_read(stream) %}
    {%- set files = [] -%}
    {%- set landing_files = ref('landing_files') -%}
    {%- if execute and load_relation(landing_files) is not none -%}
        {%- set base = load_relation(landing_files.incorporate(path={'identifier': 'base_' ~ stream})) -%}
        {%- set query -%}
            select path, file_id, ingest_date, longest_line, repaired_lines, to_json(columns) as columns, coalesce(signature, '') as signature
            from {{ landing_files }}
            where stream = '{{ stream }}' and problem is null
            {%- if base is not none and not flags.FULL_REFRESH %}
                and file_id not in (select distinct file_id from {{ base.include(database=false) }} where file_id is not null)
            {%- elif base is none %}
                -- Erasures are read from scratch each time, so their files may be gone.
                and path in (select files.path from ({{ list_landing_files() }}) as files)
            {%- endif %}
            order by ingest_date, path
        {%- endset -%}
        {%- for row in run_query(query) -%}
            {%- do files.append({
                'path': row['path'], 'file_id': row['file_id'] | int, 'ingest_date': row['ingest_date'],
                'longest_line': (row['longest_line'] or 0) | int,
                'repaired_lines': (row['repaired_lines'] or 0) | int, 'columns': fromjson(row['columns']), 'signature': row['signature'] or ''
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(files) }}
{% endmacro %}


{#
    A query for the files of a base table that have changed since. On most days there are none. Asking first, over one narrow column,
    saves a scan of every row.
#}
{% macro outdated_files(base) -%}
    select distinct held.file_id
    from {{ base }} as held
    where held.file_id not in (select files.file_id from {{ ref('landing_files') }} as files where files.file_id is not null)
{%- endmacro %}
