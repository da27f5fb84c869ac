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

{# A text as units of transmission: `u` for a character that takes one, `ab` for one that takes a pair. #}
{% macro unit_pairs(body, single) -%}
    {{ replace_all(replace_all(body, single, 'u'), '[^u]', 'ab') }}
{%- endmacro %}

{# How many segments the units fill, when the first unit of a pair never ends one. #}
{% macro segments_of_units(units, one_segment, further_segments) -%}
    case
        when length({{ units }}) <= {{ one_segment }} then 1
        else cast({{ count_matches(units, '.{' ~ (further_segments - 1) ~ '}[^a]|.{1,' ~ (further_segments - 1) ~ '}') }} as int)
    end
{%- endmacro %}


{#
    Segments as the provider gives them: a positive whole number; 0 where something else stands there, since a message's
    first value that is not missing holds, usable or not.
#}
{% macro given_segments(value) -%}
    case when {{ value }} is not null then coalesce({{ whole_number(value) }}, 0) end
{%- endmacro %}

{# A text as a whole number from 0; null where it is not one. `12.0` is one: what writes numbers as floats writes it so. #}
{% macro whole_number(value) -%}
    case
        when {{ matches_whole(value, '\\+?[0-9]+(\\.0*)?') }} then try_cast({{ replace_all(value, '^\\+|\\..*$', '') }} as int)
    end
{%- endmacro %}


{#
    A text in the form in which it is compared with opt-out phrases, so that what people read as the same is the same: one code point
    for a letter and its accent (Unicode's form NFC), no invisible characters (its category Cf), lower case, one apostrophe for all
    that people type, words parted by single blanks.
#}
{% macro normal_text(value) -%}
    {%- set visible = replace_all(composed_text(value), '\\p{Cf}', '') -%}
    {%- set with_apostrophes = replace_all(lower_case(visible), '[’‘´`ʼ]', "''") -%}
    trim({{ replace_all(with_apostrophes, "[^\\p{L}\\p{N}'']+", ' ') }})
{%- endmacro %}

{# What a message or call cost, without its sign, which providers set as they see it; null where a text is no decimal number. #}
{% macro amount(value) -%}
    case
        when {{ matches_whole(value, '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?') }}
            then abs(try_cast({{ value }} as decimal(18, 9)))
    end
{%- endmacro %}


{# A provider's error code; `30007.0` is 30007: what writes numbers as floats writes it so. #}
{% macro error_code(value) -%}
    case when {{ matches_whole(value, '[0-9]+\\.0*') }} then {{ replace_all(value, '\\..*$', '') }} else {{ value }} end
{%- endmacro %}


{# Whether an inbound text, in normal form, asks for no more messages. #}
{% macro is_opt_out(normal_text, exact_phrases, contained_phrases) -%}
    array_contains({{ exact_phrases }}, {{ normal_text }})
    or {{ contains_any_phrase(normal_text, contained_phrases) }}
{%- endmacro %}
