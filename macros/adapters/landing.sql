{#
    How each engine reads the landing zone. A landed row has its contract columns as text, landed_row (the whole row), ingest_date
    (the day its folder names) and file_id (from landing_files).
#}


{# Registers the landing zone with the engine at the start of a run. #}
{% macro open_landing() %}{{ return(adapter.dispatch('open_landing')()) }}{% endmacro %}

{#- DuckDB needs no registration: it opens files as it reads them. -#}
{% macro duckdb__open_landing() %}{% endmacro %}

{#- A table over all files, without opening them. -#}
{% macro spark__open_landing() %}
    {%- if execute and flags.WHICH in ('run', 'build', 'test') -%}
        {%- if landing_format() not in ('jsonl', 'parquet') -%}
            {{ exceptions.raise_compiler_error("OUTREACH_LANDING_FORMAT is '" ~ landing_format() ~ "': expected jsonl or parquet.") }}
        {%- endif -%}
        {%- do run_query('create schema if not exists landing') -%}
        {%- do run_query('drop table if exists landing.files') -%}
        {%- do run_query(
            "create table landing.files using binaryFile options (recursiveFileLookup 'true') location " ~ spark_text(spark_landing_folder())
        ) -%}
    {%- endif -%}
{% endmacro %}

{% macro spark_text(value) -%}
    '{{ value | replace('\\', '\\\\') | replace("'", "\\'") }}'
{%- endmacro %}

{# The absolute path of the landing zone: Spark would resolve a relative one among its own tables. #}
{% macro spark_landing_folder() %}
    {%- set folder = landing_folder() -%}
    {{ return(folder if folder.startswith('/') or '://' in folder else invocation_args_dict.project_dir ~ '/' ~ folder) }}
{% endmacro %}

{# The same path in Spark's notation, with a `/` at the end. #}
{% macro spark_landing_root() %}
    {%- set root = namespace(path='') -%}
    {%- if execute -%}
        {%- for row in run_query('describe table extended landing.files') if row[0] == 'Location' -%}
            {%- set root.path = row[1] | trim('/') ~ '/' -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(root.path) }}
{% endmacro %}


{# Ends the run with one clear sentence if the landing zone cannot be read at all, and forgets files that went before they were read. #}
{% macro check_landing() %}{{ return(adapter.dispatch('check_landing')()) }}{% endmacro %}

{% macro duckdb__check_landing() %}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- set problem = run_query('select landing_set_up_problem(' ~ landing_location() ~ ')').columns[0][0] -%}
        {%- if problem -%}{{ exceptions.raise_compiler_error(problem) }}{%- endif -%}
        {%- if load_relation(this) is not none -%}
            {%- set query -%}
                with listed as materialized ({{ duckdb__list_landing_files() }})

                select
                    count(*) > 0 and count(*) filter (where listed.path is not null) = 0 as is_another,
                    count(*) filter (where listed.path is null) as gone,
                    (select count(*) from listed) as files
                from {{ this }} as held
                left join listed on held.path = listed.path
                where held.file_id is not null
            {%- endset -%}
            {%- set found = run_query(query).rows[0] -%}
            {%- if found['is_another'] and not found['files'] -%}
                {{ exceptions.raise_compiler_error(
                    'OUTREACH_LANDING has no file any more, and the warehouse was built from some. Is it mounted? '
                    ~ 'To begin anew, name another file with OUTREACH_WAREHOUSE.'
                ) }}
            {%- elif found['is_another'] and not flags.FULL_REFRESH -%}
                {{ exceptions.raise_compiler_error(
                    'The warehouse holds another landing zone: none of the files that it was built from is in OUTREACH_LANDING. '
                    ~ 'Name another file with OUTREACH_WAREHOUSE, or build this one anew with --full-refresh.'
                ) }}
            {%- endif -%}
            {%- if found['gone'] -%}{%- do duckdb__forget_unread_files() -%}{%- endif -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{# Forgets files that were deleted after a run had listed them and before it read them: no table holds their rows, and none ever will. #}
{% macro duckdb__forget_unread_files() %}
    {%- set unread = [] -%}
    {%- for stream in landing_rules() -%}
        {%- set base = base_of(stream, this) -%}
        {%- if base is not none -%}
            {%- do unread.append("(stream = '" ~ stream ~ "' and file_id not in " ~ files_held_by(base) ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if unread -%}
        {%- do run_query(
            'delete from ' ~ this ~ ' where path not in (select files.path from (' ~ duckdb__list_landing_files() ~ ') as files) and ('
            ~ unread | join(' or ') ~ ')'
        ) -%}
    {%- endif -%}
{% endmacro %}

{#- A missing folder is reported when it is opened. -#}
{% macro spark__check_landing() %}{% endmacro %}

{# The variables that name the landing zone and its format. #}
{% macro landing_folder() %}{{ return(env_var('OUTREACH_LANDING', '') | trim or 'data/landing') }}{% endmacro %}

{% macro landing_format() %}{{ return(env_var('OUTREACH_LANDING_FORMAT', '') | trim or 'jsonl') }}{% endmacro %}

{% macro sql_text(value) -%}
    '{{ value | replace("'", "''") }}'
{%- endmacro %}

{% macro landing_location() -%}
    {{ sql_text(landing_folder()) }}, {{ sql_text(landing_format()) }}
{%- endmacro %}


{# Every file of the landing zone, without opening it: path, stream, ingest_date, bytes, modified_at, problem. #}
{% macro list_landing_files() %}{{ return(adapter.dispatch('list_landing_files')()) }}{% endmacro %}

{% macro duckdb__list_landing_files() -%}
    {{ duckdb__rows_of_json('list_landing_files(' ~ landing_location() ~ ')', listed_columns()) }}
{%- endmacro %}

{# The columns of a listed file, with their types. #}
{% macro listed_columns() %}
    {{ return({
        'path': 'varchar', 'stream': 'varchar', 'ingest_date': 'date', 'bytes': 'bigint', 'modified_at': 'timestamp', 'problem': 'varchar',
    }) }}
{% endmacro %}

{# A query for the rows of a list of objects, which comes as JSON: value by value, DuckDB takes longer for Python's own. #}
{% macro duckdb__rows_of_json(json, types) -%}
    select unnest({{ duckdb__objects_of_json(json, types) }}, recursive := true)
{%- endmacro %}

{% macro duckdb__objects_of_json(json, types) -%}
    from_json({{ json }}, '{{ [types] | tojson }}')
{%- endmacro %}

{% macro spark__list_landing_files() -%}
    {%- set root = spark_landing_root() -%}
    select
        path,
        split_part(path, '/', 1) as stream,
        case when is_placed then try_cast(substring(split_part(path, '/', 2), 13) as date) end as ingest_date,
        bytes,
        modified_at,
        case
            when not is_placed then 'is not in a folder <stream>/ingest_date=YYYY-MM-DD/'
            when not has_format
                then 'does not end in {{ landing_endings() | join(' or ') }}, the format of this landing zone'
        end as problem
    from (
        select
            *,
            path rlike '^[^/]+/ingest_date=[0-9]{4}-[0-9]{2}-[0-9]{2}/[^/]+$'
            and try_cast(substring(split_part(path, '/', 2), 13) as date) is not null as is_placed,
            {% for ending in landing_endings() %}endswith(path, '{{ ending }}'){{ ' or ' if not loop.last }}{% endfor %} as has_format
        from (
            select
                substring(path, {{ root | length + 1 }}) as path,
                length as bytes,
                modificationTime as modified_at
            from landing.files
        )
    )
{%- endmacro %}

{% macro landing_endings() %}{{ return(['.parquet'] if landing_format() == 'parquet' else ['.jsonl', '.jsonl.gz']) }}{% endmacro %}


{# The content of whole files: path, and inspection (digest, rows, broken_lines, longest_line, columns, signature, problem). #}
{% macro inspect_landing_files(paths) %}{{ return(adapter.dispatch('inspect_landing_files')(paths)) }}{% endmacro %}

{% macro duckdb__inspect_landing_files(paths) -%}
    {#- In one call, so that files are read in parallel. -#}
    select
        unnest(paths) as path,
        unnest({{ duckdb__objects_of_json(
            'inspect_landing_files(' ~ sql_text(landing_folder()) ~ ', paths, ' ~ sql_text(landing_format()) ~ ')', inspection_fields()
        ) }}) as inspection
    from (select coalesce(list(path), []) as paths from {{ paths }})
{%- endmacro %}

{# What an inspection finds, with its types. #}
{% macro inspection_fields() %}
    {{ return({
        'digest': 'varchar', 'rows': 'bigint', 'broken_lines': 'bigint', 'repaired_lines': 'bigint', 'longest_line': 'bigint',
        'columns': ['varchar'], 'signature': 'varchar', 'problem': 'varchar',
    }) }}
{% endmacro %}

{#- An unreadable file ends the run with its name, since Spark cannot skip one file and report it. -#}
{% macro spark__inspect_landing_files(paths) -%}
    {%- set streams = spark_landed_streams() -%}
    {%- for stream in streams %}
        {{- '\nunion all\n' if not loop.first }}
    select
        path,
        named_struct(
            'digest', '', 'rows', count_if(is_row), 'broken_lines', count_if(not is_row), 'repaired_lines', cast(0 as bigint),
            'longest_line', cast(0 as bigint), 'columns', array_distinct(flatten(collect_set(keys))), 'signature', '',
            -- By its mark, as `open_lines` in outreach/landing/files.py does for DuckDB.
            'problem', case when bool_or(hex(substring(cast(landed_row as binary), 1, 2)) in ('FFFE', 'FEFF'))
                then 'cannot be read: it is text in UTF-16, and UTF-8 was expected' end
        ) as inspection
    from ({{ spark__read_landed_stream(stream) }})
    group by path
    {%- else -%}
    select
        '' as path,
        named_struct(
            'digest', '', 'rows', cast(0 as bigint), 'broken_lines', cast(0 as bigint), 'repaired_lines', cast(0 as bigint),
            'longest_line', cast(0 as bigint), 'columns', {{ text_array([]) }}, 'signature', '', 'problem', cast(null as string)
        ) as inspection
    where false
    {%- endfor -%}
{%- endmacro %}

{# The contract's streams that have files. #}
{% macro spark_landed_streams() %}
    {%- set streams = [] -%}
    {%- if execute and spark_landing_root() -%}
        {%- set query -%}
            select distinct stream from ({{ spark__list_landing_files() }}) where problem is null order by stream
        {%- endset -%}
        {%- for row in run_query(query) if row[0] in landing_rules() -%}{%- do streams.append(row[0]) -%}{%- endfor -%}
    {%- endif -%}
    {{ return(streams) }}
{% endmacro %}

{#
    The rows of all files of a stream: path, ingest_date, the contract's columns, landed_row (as JSON), keys (the row's columns) and
    is_row (whether the line is JSON).
#}
{% macro spark__read_landed_stream(stream) -%}
    {%- set columns = landing_columns(stream) -%}
    {%- set is_parquet = landing_format() == 'parquet' -%}
    {%- set files -%}
        {{ 'parquet' if is_parquet else 'text' }}.`{{ spark_landing_folder() | replace('`', '``') }}/{{ stream }}/ingest_date=*/*{{ '.parquet' if is_parquet else '.jsonl{,.gz}' }}`
    {%- endset -%}
    {%- if is_parquet -%}
        {#- In one query, so that a landed column may have any name. -#}
        {%- set present = run_query('describe query select * from ' ~ files).columns[0].values() | map('lower') | sort -%}
    select
        {{ spark_landed_path('_metadata.file_path') }} as path,
        {% for name, verbatim in columns.items() -%}
            {%- set value = 'cast(' ~ ('`' ~ name ~ '`' if name in present else 'null') ~ ' as string)' -%}
            {{ value if verbatim else trimmed(value) }} as {{ name }},
        {% endfor -%}
        to_json(named_struct(
            {%- for name in present %}{{ spark_text(name) }}, cast(`{{ name | replace('`', '``') }}` as string){{ ', ' if not loop.last }}{% endfor -%}
        )) as landed_row,
        {{ text_array(present) }} as keys,
        true as is_row
    from {{ files }}
    {%- else -%}
    select
        {{ spark_landed_path('file_path') }} as path,
        {% for name, verbatim in columns.items() -%}
            {%- set value = 'fields.`' ~ name ~ '`' -%}
            {{ value if verbatim else trimmed(value) }} as {{ name }},
        {% endfor -%}
        value as landed_row,
        json_object_keys(value) as keys,
        fields.broken is null or try_parse_json(value) is not null as is_row
    from (
        select
            _metadata.file_path as file_path,
            value,
            from_json(
                value,
                '{% for name in columns %}`{{ name }}` string, {% endfor %}broken string',
                map('columnNameOfCorruptRecord', 'broken')
            ) as fields
        from {{ files }}
    )
    where fields is not null
    {%- endif -%}
{%- endmacro %}

{# A file's path within the landing zone. #}
{% macro spark_landed_path(url) -%}
    url_decode(replace(substring_index({{ url }}, '/', -3), '+', '%2B'))
{%- endmacro %}


{# A fingerprint of the project's rules. #}
{% macro rules_fingerprint() %}{{ return(adapter.dispatch('rules_fingerprint')()) }}{% endmacro %}

{% macro duckdb__rules_fingerprint() -%}
    rules_fingerprint()
{%- endmacro %}

{#- Every run reads every file. -#}
{% macro spark__rules_fingerprint() -%}
    ''
{%- endmacro %}


{#
    The rows of the files that this run has to read: those in landing_files that the stream's base table does not hold.
    The query lists their paths, so that DuckDB opens only these files.
#}
{% macro read_landing(stream_source) %}{{ return(adapter.dispatch('read_landing')(stream_source)) }}{% endmacro %}

{% macro duckdb__read_landing(stream_source) -%}
    {%- set groups = landing_files_to_read(stream_source.identifier) -%}
    {%- set columns = landing_columns(stream_source.identifier) -%}
    {%- set all_columns = groups | map(attribute='columns') | sum(start=[]) | unique(case_sensitive=true) | sort(case_sensitive=true) | list -%}
    {%- set selects = [] -%}
    {%- for files in groups -%}
        {%- if landing_format() == 'parquet' -%}
            {%- do selects.append(duckdb__read_parquet_files(files, columns, all_columns)) -%}
        {%- else -%}
            {%- do selects.append(duckdb__read_json_files(files, columns)) -%}
            {%- for file in files.repaired -%}{%- do selects.append(duckdb__read_repaired_lines(file, columns)) -%}{%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {{ selects | join('\nunion all by name\n') if selects else no_landed_rows(columns, 'json') }}
{%- endmacro %}

{% macro spark__read_landing(stream_source) -%}
    {%- set landing_files = ref('landing_files') -%}
    {%- set stream = stream_source.identifier -%}
    {%- set columns = landing_columns(stream) -%}
    {%- if stream in spark_landed_streams() -%}
        select
            {{ prefixed(columns, 'landed') | join(',\n            ') }},
            landed.landed_row,
            files.ingest_date,
            files.file_id
        from ({{ spark__read_landed_stream(stream) }}) as landed
        inner join {{ landing_files }} as files on landed.path = files.path
        where landed.is_row and files.file_id is not null
    {%- else -%}
        {{- no_landed_rows(columns, dbt.type_string()) }}
    {%- endif -%}
{%- endmacro %}

{# With nothing to read: the same columns without rows. #}
{% macro no_landed_rows(columns, row_type) %}
    select
        {% for name in columns -%}
            cast(null as {{ dbt.type_string() }}) as {{ name }},
        {% endfor -%}
        cast(null as {{ row_type }}) as landed_row,
        cast(null as date) as ingest_date,
        cast(null as bigint) as file_id
    where false
{%- endmacro %}

{% macro duckdb__read_json_files(files, columns) %}
    select
        {{ duckdb__json_fields(columns) }},
        {{ duckdb__of_file(files) }}
    from (
        select
            json,
            file_index,
            {{ duckdb__json_as_fields('json', columns) }} as fields
        from read_json_objects(
            {{ files.paths }}, format = 'newline_delimited', ignore_errors = true,
            maximum_object_size = {{ [16777216, 2 * files.longest_line] | max }}
        )
        where json is not null
    )
{%- endmacro %}

{# Rows whose lines are JSON only once half characters are replaced. The reader skips these lines. #}
{% macro duckdb__read_repaired_lines(file, columns) %}
    select
        {{ duckdb__json_fields(columns) }},
        date '{{ file.ingest_date }}' as ingest_date,
        cast({{ file.file_id }} as bigint) as file_id
    from (
        select
            cast(line as json) as json,
            {{ duckdb__json_as_fields('line', columns) }} as fields
        from (select unnest(repaired_landing_lines({{ sql_text(landing_folder()) }}, {{ sql_text(file.path) }})) as line)
        where json_valid(line)
    )
{%- endmacro %}

{% macro duckdb__json_as_fields(json, columns) -%}
    json_transform({{ json }}, '{ {%- for name in columns %}"{{ name }}": "VARCHAR"{{ ', ' if not loop.last }}{% endfor -%} }')
{%- endmacro %}

{% macro duckdb__json_fields(columns) -%}
    {% for name, verbatim in columns.items() -%}
        {{ 'fields.' ~ name if verbatim else trimmed('fields.' ~ name) }} as {{ name }},
    {% endfor -%}
    json as landed_row
{%- endmacro %}

{% macro duckdb__read_parquet_files(files, columns, all_columns) %}
    {%- set texts = {} -%}
    {%- for name in all_columns + columns.keys() | list -%}
        {%- do texts.update({name: 'cast(' ~ (adapter.quote(name | replace('"', '""')) if name in files.columns else 'null') ~ ' as varchar)'}) -%}
    {%- endfor -%}
    select
        {% for name, verbatim in columns.items() -%}
            {{ texts[name] if verbatim else trimmed(texts[name]) }} as {{ name }},
        {% endfor -%}
        {#- The columns of all files, so that their rows have one type. -#}
        struct_pack(
            {%- for name in all_columns %}{{ adapter.quote(name | replace('"', '""')) }} := {{ texts[name] }}{{ ', ' if not loop.last }}{% endfor -%}
        ) as landed_row,
        {{ duckdb__of_file(files) }}
    from read_parquet({{ files.paths }}, hive_partitioning = false, binary_as_string = true)
{%- endmacro %}

{# The ingest day and the id of a row's file. With several files, the reader's number of the file tells which one. #}
{% macro duckdb__of_file(files) -%}
    {%- set index = '[cast(file_index as bigint) + 1]' if files.are_several else '[1]' -%}
    cast({{ files.days }} as date[]){{ index }} as ingest_date,
    cast({{ files.ids }} as bigint[]){{ index }} as file_id
{%- endmacro %}


{# A landed row as JSON text. #}
{% macro landed_row_as_json(landed_row) %}{{ return(adapter.dispatch('landed_row_as_json')(landed_row)) }}{% endmacro %}

{% macro duckdb__landed_row_as_json(landed_row) -%}
    {%- if landing_format() == 'parquet' -%}
        {#- Without nulls, so that a row does not depend on the files it was read with. -#}
        cast(json_merge_patch('{}', to_json({{ landed_row }})) as varchar)
    {%- else -%}
        cast({{ landed_row }} as varchar)
    {%- endif -%}
{%- endmacro %}

{% macro spark__landed_row_as_json(landed_row) -%}
    {{ landed_row }}
{%- endmacro %}
