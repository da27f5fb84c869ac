{#
    An ISO 8601 text as a UTC timestamp without an offset; null if it is not one, or lies outside the years 1 to 9999.
    A text without an offset is UTC.
#}
{% macro parse_timestamp(value) -%}
    {%- set moment = cast_moment(value) -%}
    case
        when not {{ matches_whole(value, iso_8601()) }} or {{ value }} like '0000%' then null
        when {{ value }} like '0001-01-01%' and {{ moment }} < timestamp '0001-01-01 00:00:00' then null
        when {{ value }} like '9999-12-31%' and {{ moment }} > timestamp '9999-12-31 23:59:59.999999' then null
        else {{ moment }}
    end
{%- endmacro %}

{# Engines' casts also accept 'epoch', timezone names and offsets beyond 18 hours, which are not timestamps here. #}
{% macro iso_8601() -%}
    {%- set offset = '[+-](([01][0-7]|0[89])(:?[0-5]\\d)?|18(:?00)?)' -%}
    {{ return('\\d{4}-\\d\\d-\\d\\d([Tt ]\\d\\d:\\d\\d(:\\d\\d([.,]\\d+)?)?([Zz]|' ~ offset ~ ')?)?') }}
{%- endmacro %}

{# A text of this form, cast to a UTC timestamp by the engine. #}
{% macro cast_moment(value) %}{{ return(adapter.dispatch('cast_moment')(value)) }}{% endmacro %}

{% macro duckdb__cast_moment(value) -%}
    {#- The cast requires seconds, and a point before fractions. -#}
    {%- set with_seconds -%}
        replace(regexp_replace(upper({{ value }}), '^(.{10}[T ]\d\d:\d\d)(Z|[+-].*)?$', '\1:00\2'), ',', '.')
    {%- endset -%}
    make_timestamp(epoch_us(coalesce(try_cast({{ value }} as timestamptz), try_cast({{ with_seconds }} as timestamptz))))
{%- endmacro %}

{% macro spark__cast_moment(value) -%}
    {#- The cast requires seconds before an offset, a capital T and Z, and a point before fractions. -#}
    try_cast(
        replace(
            regexp_replace(upper({{ value }}), '^(.{10}[T ][0-9]{2}:[0-9]{2})(Z|[+-].*)?$', '$1:00$2'), ',', '.'
        ) as timestamp
    )
{%- endmacro %}


{# A moment's quarter of an hour. Since 1972 every zone's offset is a multiple of it, so each quarter lies within one local day. #}
{% macro quarter_hour(moment) %}{{ return(adapter.dispatch('quarter_hour')(moment)) }}{% endmacro %}

{% macro duckdb__quarter_hour(moment) -%}
    case
        when {{ moment }} >= timestamp '1973-01-01' then time_bucket(interval 15 minutes, {{ moment }})
        else {{ moment }}
    end
{%- endmacro %}

{% macro spark__quarter_hour(moment) -%}
    case
        when {{ moment }} >= timestamp '1973-01-01'
            then timestamp_micros(unix_micros({{ moment }}) - pmod(unix_micros({{ moment }}), 900000000))
        else {{ moment }}
    end
{%- endmacro %}


{# The calendar day that a timezone's clocks show at a UTC moment, by the zone database of the project's `tzdata` package. #}
{% macro local_day(moment, timezone) %}{{ return(adapter.dispatch('local_day')(moment, timezone)) }}{% endmacro %}

{% macro duckdb__local_day(moment, timezone) -%}
    local_day(epoch_us({{ moment }}), {{ timezone }})
{%- endmacro %}

{% macro spark__local_day(moment, timezone) -%}
    local_day(unix_micros({{ moment }}), {{ timezone }})
{%- endmacro %}


{# The hour, from 0 to 23, that a timezone's clocks show at a UTC moment. #}
{% macro local_hour(moment, timezone) %}{{ return(adapter.dispatch('local_hour')(moment, timezone)) }}{% endmacro %}

{% macro duckdb__local_hour(moment, timezone) -%}
    local_hour(epoch_us({{ moment }}), {{ timezone }})
{%- endmacro %}

{% macro spark__local_hour(moment, timezone) -%}
    local_hour(unix_micros({{ moment }}), {{ timezone }})
{%- endmacro %}


{# The UTC moment at which a timezone's clocks show a time, given as minutes from a day's midnight. #}
{% macro moment_of(day, minutes, timezone) %}{{ return(adapter.dispatch('moment_of')(day, minutes, timezone)) }}{% endmacro %}

{% macro duckdb__moment_of(day, minutes, timezone) -%}
    make_timestamp(moment_of({{ day }}, {{ minutes }}, {{ timezone }}))
{%- endmacro %}

{% macro spark__moment_of(day, minutes, timezone) -%}
    timestamp_micros(moment_of({{ day }}, {{ minutes }}, {{ timezone }}))
{%- endmacro %}


{# The day of the week of a date, from 1, Monday, to 7 (ISO 8601). #}
{% macro weekday(day) %}{{ return(adapter.dispatch('weekday')(day)) }}{% endmacro %}

{% macro duckdb__weekday(day) -%}
    cast(isodow({{ day }}) as integer)
{%- endmacro %}

{% macro spark__weekday(day) -%}
    weekday({{ day }}) + 1
{%- endmacro %}


{# A date as a day number, for windows over days. #}
{% macro day_number(day) %}{{ return(adapter.dispatch('day_number')(day)) }}{% endmacro %}

{% macro duckdb__day_number(day) -%}
    cast(date_diff('day', date '2000-01-01', {{ day }}) as integer)
{%- endmacro %}

{% macro spark__day_number(day) -%}
    datediff({{ day }}, date '2000-01-01')
{%- endmacro %}


{# The day after a date. #}
{% macro next_day(day) -%}
    cast({{ day }} + interval '1' day as date)
{%- endmacro %}


{# The midnight that begins the day some days after a date. #}
{% macro days_after(day, days) %}{{ return(adapter.dispatch('days_after')(day, days)) }}{% endmacro %}

{% macro duckdb__days_after(day, days) -%}
    {{ day }} + interval {{ days }} day
{%- endmacro %}

{% macro spark__days_after(day, days) -%}
    cast(date_add({{ day }}, {{ days }}) as timestamp)
{%- endmacro %}


{# Seconds from one moment to another, with fractions. #}
{% macro seconds_between(earlier, later) %}{{ return(adapter.dispatch('seconds_between')(earlier, later)) }}{% endmacro %}

{% macro duckdb__seconds_between(earlier, later) -%}
    (epoch_us({{ later }}) - epoch_us({{ earlier }})) / 1000000.0
{%- endmacro %}

{% macro spark__seconds_between(earlier, later) -%}
    (unix_micros({{ later }}) - unix_micros({{ earlier }})) / 1000000D
{%- endmacro %}


{#
    Registers the functions over the zone database at the start of a run. On DuckDB the profile's plugin does so, on Spark
    `make spark-build`. dbt run by hand on Spark uses Java's zones.
#}
{% macro open_zones() %}{{ return(adapter.dispatch('open_zones')()) }}{% endmacro %}

{% macro duckdb__open_zones() %}{% endmacro %}

{% macro spark__open_zones() %}
    {%- if execute and run_query("show user functions like 'local_day'") | length == 0 -%}
        {%- do run_query(
            'create temporary function local_day(microseconds bigint, timezone string) returns date '
            ~ 'return cast(from_utc_timestamp(timestamp_micros(microseconds), timezone) as date)'
        ) -%}
        {%- do run_query(
            'create temporary function local_hour(microseconds bigint, timezone string) returns int '
            ~ 'return hour(from_utc_timestamp(timestamp_micros(microseconds), timezone))'
        ) -%}
        {%- do run_query(
            'create temporary function moment_of(day date, minutes int, timezone string) returns bigint '
            ~ 'return unix_micros(to_utc_timestamp(timestampadd(minute, minutes, cast(day as timestamp)), timezone))'
        ) -%}
        {%- do run_query(
            "create temporary function timezone_names() returns array<string> "
            ~ "return split(trim(both '[]' from java_method('java.time.ZoneId', 'getAvailableZoneIds')), ', ')"
        ) -%}
        {%- do run_query("create temporary function zone_release() returns string return 'of Java'") -%}
    {%- endif -%}
{% endmacro %}


{# The names of the zone database, as a query. #}
{% macro known_timezones() %}{{ return(adapter.dispatch('known_timezones')()) }}{% endmacro %}

{% macro duckdb__known_timezones() -%}
    select unnest(timezone_names()) as timezone
{%- endmacro %}

{% macro spark__known_timezones() -%}
    {#- In two steps: Spark explodes no SQL function's value directly. -#}
    select explode(names) as timezone from (select timezone_names() as names)
{%- endmacro %}


{# The release of the zone database, such as `2026f`. #}
{% macro zone_release() -%}
    zone_release()
{%- endmacro %}


{# One row per day from one date to another, both included. #}
{% macro days_between(first_day, last_day) %}{{ return(adapter.dispatch('days_between')(first_day, last_day)) }}{% endmacro %}

{% macro duckdb__days_between(first_day, last_day) -%}
    cast(unnest(generate_series({{ first_day }}, {{ last_day }}, interval 1 day)) as date)
{%- endmacro %}

{% macro spark__days_between(first_day, last_day) -%}
    {#- A sequence must not end before its start. -#}
    explode(filter(sequence({{ first_day }}, greatest({{ first_day }}, {{ last_day }}), interval 1 day), day -> day <= {{ last_day }}))
{%- endmacro %}
