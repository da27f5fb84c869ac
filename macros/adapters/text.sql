{# A landed value as trimmed text; blank is null. #}
{% macro trimmed(value) %}{{ return(adapter.dispatch('trimmed')(value)) }}{% endmacro %}

{# The white space of Unicode that occurs in practice. #}
{% macro blanks() %}{{ return(' \t\n\v\f\r\u0085\u00a0\u2002\u2003\u2007\u2009\u200a\u2028\u2029\u202f\u3000') }}{% endmacro %}

{% macro duckdb__trimmed(value) -%}
    {#- Trimming costs more than anything else here, so values without blanks at their ends skip it. -#}
    {%- set text = 'cast(' ~ value ~ ' as varchar)' -%}
    case when regexp_full_match({{ text }}, '[!-~](.*[!-~])?') then {{ text }} else nullif(trim({{ text }}, '{{ blanks() }}'), '') end
{%- endmacro %}

{% macro spark__trimmed(value) -%}
    nullif(trim(both '{{ blanks() }}' from {{ value }}), '')
{%- endmacro %}


{# A text in lower case with the same number of characters. #}
{% macro lower_case(value) %}{{ return(adapter.dispatch('lower_case')(value)) }}{% endmacro %}

{% macro duckdb__lower_case(value) -%}
    lower({{ value }})
{%- endmacro %}

{% macro spark__lower_case(value) -%}
    {#- Java turns a capital I with a dot into two characters; it is the only such letter. -#}
    lower(replace({{ value }}, 'İ', 'i'))
{%- endmacro %}


{# A text in Unicode's form NFC: a letter and its accents as one code point if there is one. #}
{% macro composed_text(value) %}{{ return(adapter.dispatch('composed_text')(value)) }}{% endmacro %}

{% macro duckdb__composed_text(value) -%}
    {#- The function would stop at a null character. -#}
    nfc_normalize(replace({{ value }}, chr(0), ' '))
{%- endmacro %}

{% macro spark__composed_text(value) -%}
    {#- From ICU, which Spark ships for its collations; its own functions lack normalization. -#}
    case
        when {{ value }} is not null
            then java_method('com.ibm.icu.text.Normalizer', 'compose', coalesce({{ value }}, ''), false)
    end
{%- endmacro %}


{# A regular expression as a literal. Patterns are written as standard SQL literals, in which a backslash is an ordinary character. #}
{% macro spark_pattern(pattern) %}{{ return("'" ~ (pattern | replace('\\', '\\\\')) ~ "'") }}{% endmacro %}


{# A text with every match of a regular expression replaced. #}
{% macro replace_all(value, pattern, replacement) %}{{ return(adapter.dispatch('replace_all')(value, pattern, replacement)) }}{% endmacro %}

{% macro duckdb__replace_all(value, pattern, replacement) -%}
    regexp_replace({{ value }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__replace_all(value, pattern, replacement) -%}
    regexp_replace({{ value }}, {{ spark_pattern(pattern) }}, '{{ replacement }}')
{%- endmacro %}


{# Whether the whole text matches a regular expression. #}
{% macro matches_whole(value, pattern) %}{{ return(adapter.dispatch('matches_whole')(value, pattern)) }}{% endmacro %}

{% macro duckdb__matches_whole(value, pattern) -%}
    regexp_full_match({{ value }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches_whole(value, pattern) -%}
    {{ value }} rlike {{ spark_pattern('\\A(?:' ~ pattern ~ ')\\z') }}
{%- endmacro %}


{# The number of non-overlapping matches of a regular expression in a text. #}
{% macro count_matches(value, pattern) %}{{ return(adapter.dispatch('count_matches')(value, pattern)) }}{% endmacro %}

{% macro duckdb__count_matches(value, pattern) -%}
    len(regexp_extract_all({{ value }}, '{{ pattern }}'))
{%- endmacro %}

{% macro spark__count_matches(value, pattern) -%}
    size(regexp_extract_all({{ value }}, {{ spark_pattern(pattern) }}, 0))
{%- endmacro %}


{# Characters by code point, as written in a regular expression's class. #}
{% macro code_point(hex) %}{{ return(adapter.dispatch('code_point')(hex)) }}{% endmacro %}

{% macro duckdb__code_point(hex) -%}
    \x{ {{- hex -}} }
{%- endmacro %}

{% macro spark__code_point(hex) -%}
    \x{ {{- hex -}} }
{%- endmacro %}


{# The SHA-256 of a text, in hexadecimal digits. #}
{% macro sha256_hex(value) %}{{ return(adapter.dispatch('sha256_hex')(value)) }}{% endmacro %}

{% macro duckdb__sha256_hex(value) -%}
    sha256({{ value }})
{%- endmacro %}

{% macro spark__sha256_hex(value) -%}
    sha2({{ value }}, 256)
{%- endmacro %}


{# A hash of columns' values. #}
{% macro key_hash(columns) %}{{ return(adapter.dispatch('key_hash')(columns)) }}{% endmacro %}

{% macro duckdb__key_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__key_hash(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}


{# A group's values that meet a condition, as an array. #}
{% macro array_of(value, condition) %}{{ return(adapter.dispatch('array_of')(value, condition)) }}{% endmacro %}

{% macro duckdb__array_of(value, condition) -%}
    coalesce(list({{ value }}) filter (where {{ condition }}), [])
{%- endmacro %}

{% macro spark__array_of(value, condition) -%}
    collect_list({{ value }}) filter (where {{ condition }})
{%- endmacro %}


{# Whether a text contains any of an array's texts as whole words. Texts are in normal form, with single blanks between words. #}
{% macro contains_any_phrase(value, phrases) %}{{ return(adapter.dispatch('contains_any_phrase')(value, phrases)) }}{% endmacro %}

{% macro duckdb__contains_any_phrase(value, phrases) -%}
    len(list_filter({{ phrases }}, lambda phrase : contains(' ' || {{ value }} || ' ', ' ' || phrase || ' '))) > 0
{%- endmacro %}

{% macro spark__contains_any_phrase(value, phrases) -%}
    exists({{ phrases }}, phrase -> contains(' ' || {{ value }} || ' ', ' ' || phrase || ' '))
{%- endmacro %}


{# An array of literal texts. #}
{% macro text_array(values) %}{{ return(adapter.dispatch('text_array')(values)) }}{% endmacro %}

{% macro duckdb__text_array(values) -%}
    cast([{% for value in values %}{{ sql_text(value) }}{{ ', ' if not loop.last }}{% endfor %}] as varchar[])
{%- endmacro %}

{% macro spark__text_array(values) -%}
    cast(array({% for value in values %}{{ spark_text(value) }}{{ ', ' if not loop.last }}{% endfor %}) as array<string>)
{%- endmacro %}


{# The texts of one array whose lower case is not in another. #}
{% macro array_without(values, excluded) %}{{ return(adapter.dispatch('array_without')(values, excluded)) }}{% endmacro %}

{% macro duckdb__array_without(values, excluded) -%}
    list_filter({{ values }}, lambda value : not list_contains({{ excluded }}, lower(value)))
{%- endmacro %}

{% macro spark__array_without(values, excluded) -%}
    filter({{ values }}, value -> not array_contains({{ excluded }}, lower(value)))
{%- endmacro %}


{# An array of one value. #}
{% macro array_of_one(value) %}{{ return(adapter.dispatch('array_of_one')(value)) }}{% endmacro %}

{% macro duckdb__array_of_one(value) -%}
    [{{ value }}]
{%- endmacro %}

{% macro spark__array_of_one(value) -%}
    array({{ value }})
{%- endmacro %}


{# The number of values in an array. #}
{% macro array_size(values) %}{{ return(adapter.dispatch('array_size')(values)) }}{% endmacro %}

{% macro duckdb__array_size(values) -%}
    len({{ values }})
{%- endmacro %}

{% macro spark__array_size(values) -%}
    size({{ values }})
{%- endmacro %}
