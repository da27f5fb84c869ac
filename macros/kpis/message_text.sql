{#
    A message's segments from its body, by GSM 03.38 and 3GPP TS 23.040: if every character is in the GSM basic or extension
    table the encoding is GSM-7, one segment up to 160 septets, else segments of 153, and an extension character takes two;
    otherwise it is UCS-2, one segment up to 70 UTF-16 code units, else segments of 67. No pair is split over two segments.
    Null for no body; 1 for an empty one.
#}
{% macro body_segments(body) -%}
    {%- set basic -%}
        @£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&''()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà
    {%- endset -%}
    {%- set extension = '\\f^{}\\\\\\[~\\]|€' -%}
    {%- set gsm_units = unit_pairs(body, '[' ~ basic ~ ']') -%}
    {%- set ucs2_units = unit_pairs(body, '[' ~ code_point('0') ~ '-' ~ code_point('FFFF') ~ ']') -%}
    case
        when {{ body }} is null then null
        when {{ matches_whole(body, '[' ~ basic ~ extension ~ ']*') }} then {{ segments_of_units(gsm_units, 160, 153) }}
        else {{ segments_of_units(ucs2_units, 70, 67) }}
    end
{%- endmacro %}

{# A text as transmission units: `u` for a character of one unit, `ab` for a character of two. #}
{% macro unit_pairs(body, single) -%}
    {{ replace_all(replace_all(body, single, 'u'), '[^u]', 'ab') }}
{%- endmacro %}

{# How many segments the units fill if a pair is never split between two. #}
{% macro segments_of_units(units, one_segment, further_segments) -%}
    case
        when length({{ units }}) <= {{ one_segment }} then 1
        else cast({{ count_matches(units, '.{' ~ (further_segments - 1) ~ '}[^a]|.{1,' ~ (further_segments - 1) ~ '}') }} as int)
    end
{%- endmacro %}


{#
    The provider's number of segments: a positive whole number, or 0 for any other value, since the first value of a message counts
    whether it is usable or not.
#}
{% macro given_segments(value) -%}
    case when {{ value }} is not null then coalesce({{ whole_number(value) }}, 0) end
{%- endmacro %}

{# A text as a whole number from 0; null if it is not one. `12.0` is one, since some writers store numbers as floats. #}
{% macro whole_number(value) -%}
    case
        when {{ matches_whole(value, '\\+?[0-9]+(\\.0*)?') }} then try_cast({{ replace_all(value, '^\\+|\\..*$', '') }} as int)
    end
{%- endmacro %}


{#
    A text in the normal form for comparison with opt-out phrases, in which texts that read the same are the same: one code point for a
    letter and its accent (Unicode's form NFC), no invisible characters (category Cf), lower case, one kind of apostrophe, and single
    blanks between words.
#}
{% macro normal_text(value) -%}
    {%- set visible = replace_all(composed_text(value), '\\p{Cf}', '') -%}
    {%- set with_apostrophes = replace_all(lower_case(visible), '[’‘´`ʼ]', "''") -%}
    trim({{ replace_all(with_apostrophes, "[^\\p{L}\\p{N}'']+", ' ') }})
{%- endmacro %}

{# The price of a message or call without its sign, which differs between providers; null if the text is no decimal number. #}
{% macro amount(value) -%}
    case
        when {{ matches_whole(value, '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?') }}
            then abs(try_cast({{ value }} as decimal(18, 9)))
    end
{%- endmacro %}


{# A provider's error code. `30007.0` is 30007, since some writers store numbers as floats. #}
{% macro error_code(value) -%}
    case when {{ matches_whole(value, '[0-9]+\\.0*') }} then {{ replace_all(value, '\\..*$', '') }} else {{ value }} end
{%- endmacro %}


{# Whether an inbound text, in normal form, is in opt-out language. #}
{% macro is_opt_out(normal_text, exact_phrases, contained_phrases) -%}
    array_contains({{ exact_phrases }}, {{ normal_text }})
    or {{ contains_any_phrase(normal_text, contained_phrases) }}
{%- endmacro %}
