{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='path') }}
{{ check_landing() }}
{#- Lists the files of every stream. -#}
{%- for stream in landing_rules() -%}
    {%- do source('landing', stream) -%}
{%- endfor %}

with listed_files as (
    {{ list_landing_files() }}
),

streams as (
    {% for stream, columns in landing_streams().items() -%}
    select '{{ stream }}' as stream, {{ text_array(columns) }} as contract_columns
    {{ 'union all' if not loop.last }}
    {% else -%}
    select '' as stream, {{ text_array([]) }} as contract_columns
    {% endfor %}
),

rules as (
    select {{ rules_fingerprint() }} as rules
),

known_files as (
    {% if is_incremental() -%}
    select
        {{ held_columns([
            'path', 'bytes', 'modified_at', 'digest', 'rules', 'file_id', 'ingest_date', 'rows_landed', 'broken_lines', 'repaired_lines',
            'longest_line', 'columns', 'signature',
        ]) | join(', ') }}
    from {{ this }} as held
    {%- else -%}
    -- The first run knows no files.
    select
        path, bytes, modified_at, '' as digest, '' as rules, bytes as file_id, ingest_date, bytes as rows_landed,
        bytes as broken_lines, bytes as repaired_lines, bytes as longest_line, {{ text_array([]) }} as columns, '' as signature
    from listed_files
    where false
    {%- endif %}
),

-- A file is inspected again if it or a rule has changed, or if its day was open during the last run.
changed_files as (
    select
        listed_files.path,
        listed_files.stream,
        listed_files.ingest_date,
        listed_files.bytes,
        listed_files.modified_at,
        listed_files.problem as listing_problem,
        rules.rules,
        known_files.file_id as known_file_id,
        known_files.digest as known_digest,
        known_files.rules as known_rules,
        known_files.rows_landed as known_rows,
        known_files.broken_lines as known_broken_lines,
        known_files.repaired_lines as known_repaired_lines,
        known_files.longest_line as known_longest_line,
        known_files.columns as known_columns,
        known_files.signature as known_signature
    from listed_files
    cross join rules
    left join known_files on listed_files.path = known_files.path
    where
        known_files.path is null
        or listed_files.bytes != known_files.bytes
        or listed_files.modified_at != known_files.modified_at
        or rules.rules != known_files.rules
        or listed_files.ingest_date >= (select max(known_files.ingest_date) from known_files)
),

stream_files as (
    select
        changed_files.*,
        streams.contract_columns,
        case when streams.stream is null then 'is not in the folder of a stream' end as stream_problem
    from changed_files
    left join streams on changed_files.stream = streams.stream
),

inspections as (
    {{ inspect_landing_files('stream_files where listing_problem is null and stream_problem is null') }}
),

inspected_files as (
    select
        stream_files.*,
        inspections.inspection
    from stream_files
    left join inspections on stream_files.path = inspections.path
),

judged_files as (
    select
        *,
        coalesce(listing_problem, stream_problem, inspection.problem) as problem,
        (select coalesce(max(file_id), 0) from known_files) + row_number() over (order by path) as new_file_id
    from inspected_files
    -- Files with unchanged content need not be read again.
    where coalesce(inspection.digest != known_digest or rules != known_rules or known_file_id is null, true)
)

-- A file that was readable before and is not now keeps the rows read then.
select
    path,
    stream,
    ingest_date,
    bytes,
    modified_at,
    problem,
    case when problem is null then new_file_id else known_file_id end as file_id,
    coalesce(case when problem is null then inspection.rows else known_rows end, 0) as rows_landed,
    coalesce(case when problem is null then inspection.broken_lines else known_broken_lines end, 0) as broken_lines,
    coalesce(case when problem is null then inspection.repaired_lines else known_repaired_lines end, 0) as repaired_lines,
    coalesce(case when problem is null then inspection.longest_line else known_longest_line end, 0) as longest_line,
    case when problem is null then inspection.columns else known_columns end as columns,
    case when problem is null then inspection.signature else known_signature end as signature,
    {{ array_without('inspection.columns', 'contract_columns') }} as unknown_columns,
    case when problem is null then inspection.digest else known_digest end as digest,
    rules
from judged_files
