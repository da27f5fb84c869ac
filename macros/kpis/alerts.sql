{#
    A query for rates that left their own history in the bad direction.

    A day and the day before are compared with the previous 28 days, since a single day often has too few messages. The distance of the
    two rates is measured in standard deviations of a binomial rate, or in larger ones if the 28 days varied more
    (quasi-binomial overdispersion: McCullagh and Nelder (1989), "Generalized Linear Models", 4.5). Rates are compared as arcsines of
    their square roots, whose variance does not depend on the rate (Anscombe (1948), Biometrika 35). Over everything judged on a day,
    the false-discovery rate is held at 5 % (Benjamini and Hochberg (1995), JRSS B 57).

    counts: a relation with a row per thing, day and kind: `thing`, `kind`, `date_day`, `part`, `whole` and `bad`, which is 1 if a rise
        is bad and -1 if a fall is. Its other columns are kept.
#}
{% macro rates_out_of_line(counts) -%}
    with shares as (
        select
            *,
            {{ day_number('date_day') }} as day_number,
            least(cast(part as double), whole) as capped_part
        from {{ counts }}
        where whole > 0
    ),

    histories as (
        select
            *,
            sum(capped_part) over both_days as recent_part,
            sum(whole) over both_days as recent_whole,
            count(*) over history as days,
            sum(capped_part) over history as history_part,
            sum(whole) over history as history_whole,
            sum(capped_part * capped_part / whole) over history as history_squares
        from shares
        window
            both_days as (partition by thing, kind order by day_number range between 1 preceding and current row),
            history as (partition by thing, kind order by day_number range between 29 preceding and 2 preceding)
    ),

    -- A rate of 0 so far does not make a case impossible: adds half a case to the part and one to the whole.
    expectations as (
        select
            *,
            (history_part + 0.5) / (history_whole + 1) as expected
        from histories
        where recent_whole >= 30 and days >= 7 and history_whole >= 30
    ),

    dispersions as (
        select
            *,
            greatest(
                1,
                (history_squares - history_part * history_part / history_whole) / ((days - 1) * expected * (1 - expected))
            ) as dispersion
        from expectations
    ),

    students as (
        select
            *,
            bad * 2 * sqrt(recent_whole) * (asin(sqrt(recent_part / recent_whole)) - asin(sqrt(expected)))
            / sqrt((1 + recent_whole / history_whole) * dispersion) as student
        from dispersions
    ),

    -- A variance estimated from a few days makes larger distances likelier: Student's distribution, transformed to a normal one
    -- (Abramowitz and Stegun, 26.7.8).
    distances as (
        select
            *,
            case
                when dispersion > 1 then student * (1 - 0.25 / (days - 1)) / sqrt(1 + student * student / (2 * (days - 1)))
                else student
            end as distance
        from students
    ),

    chances as (
        select
            *,
            {{ normal_tail('distance') }} as chance
        from distances
    ),

    ranked_chances as (
        select
            *,
            row_number() over (partition by date_day order by chance, thing, kind) as place,
            count(*) over (partition by date_day) as judged
        from chances
    ),

    last_places as (
        select
            *,
            max(case when chance <= 0.05 * place / judged then place end) over (partition by date_day) as last_place
        from ranked_chances
    )

    select
        *,
        recent_part / recent_whole as observed,
        cast(recent_whole as bigint) as judged_on
    from last_places
    where place <= last_place
{%- endmacro %}


{#
    The probability that a standard normal variable is larger: Abramowitz and Stegun (1964), "Handbook of Mathematical Functions",
    26.2.17, with an error below 7.5e-8. For values below 0, which are never out of line, it is 1.
#}
{% macro normal_tail(distance) -%}
    {%- set t = '(1 / (1 + 0.2316419 * ' ~ distance ~ '))' -%}
    case
        when {{ distance }} <= 0 then 1.0
        else
            exp(-{{ distance }} * {{ distance }} / 2) * 0.3989422804014327 * {{ t }} * (
                0.319381530 + {{ t }} * (-0.356563782 + {{ t }} * (1.781477937 + {{ t }} * (-1.821255978 + {{ t }} * 1.330274429)))
            )
    end
{%- endmacro %}
