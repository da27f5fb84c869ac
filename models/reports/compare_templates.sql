{{ config(
    parameters=['account', 'start_day', 'end_day', 'campaign := null', 'template_a := null', 'template_b := null']
) }}

with activity as (
    {{ contact_activity_in_range(grouped_by='template_id', filters=['campaign']) }}
),

counts as (
    select
        template_id,
        {{ kpi_aggregates('messaging') }}
    from activity
    where template_id in (template_a, template_b)
    group by template_id
),

-- Marks the rows of each template, or of both, because Spark allows no parameter inside an aggregate.
sides as (
    select
        *,
        template_id = template_a as is_a,
        template_id = template_b as is_b
    from counts
),

kpis as (
    {{ kpis_of_templates('sides') }}
),

pairs as (
    select
        kpi_order,
        kpi,
        unit,
        good,
        {{ of_template('kpi_value', 'a') }} as value_a,
        {{ of_template('part', 'a') }} as part_a,
        {{ of_template('whole', 'a') }} as whole_a,
        {{ of_template('sms_sent', 'a') }} as sms_sent_a,
        {{ of_template('kpi_value', 'b') }} as value_b,
        {{ of_template('part', 'b') }} as part_b,
        {{ of_template('whole', 'b') }} as whole_b,
        {{ of_template('sms_sent', 'b') }} as sms_sent_b
    from kpis
    group by kpi_order, kpi, unit, good
),

intervals as (
    select
        *,
        value_b - value_a as difference,
        {{ wilson_bound('part_a', 'whole_a', 'low') }} as low_a,
        {{ wilson_bound('part_a', 'whole_a', 'high') }} as high_a,
        {{ wilson_bound('part_b', 'whole_b', 'low') }} as low_b,
        {{ wilson_bound('part_b', 'whole_b', 'high') }} as high_b
    from pairs
),

differences as (
    select
        *,
        -- Newcombe (1998), "Interval estimation for the difference between independent proportions", method 10.
        difference - sqrt(power(value_b - low_b, 2) + power(high_a - value_a, 2)) as difference_low,
        difference + sqrt(power(high_b - value_b, 2) + power(value_a - low_a, 2)) as difference_high,
        -- The number of each that detects the observed difference in four of five cases (80 % power).
        power({{ 1.959963984540054 + 0.8416212335729143 }}, 2)
        * (value_a * (1 - value_a) + value_b * (1 - value_b)) / nullif(power(difference, 2), 0) as whole_needed
    from intervals
),

verdicts as (
    select
        *,
        difference_low > 0 or difference_high < 0 as can_be_told_apart,
        nullif(
            greatest(whole_needed - whole_a, 0) * sms_sent_a / nullif(whole_a, 0)
            + greatest(whole_needed - whole_b, 0) * sms_sent_b / nullif(whole_b, 0), 0
        ) as messages_needed
    from differences
),

answers as (
    select
        *,
        case when not can_be_told_apart then {{ two_digits('messages_needed') }} end as more_messages
    from verdicts
)

select
    kpi,
    unit,
    value_a,
    value_b,
    difference,
    difference_low,
    difference_high,
    can_be_told_apart,
    more_messages,
    case
        when can_be_told_apart and good = 'none' and difference > 0 then 'Template B has more.'
        when can_be_told_apart and good = 'none' then 'Template A has more.'
        when can_be_told_apart and (good = 'up') = (difference > 0) then 'Template B is better.'
        when can_be_told_apart then 'Template A is better.'
        when difference = 0 and not can_be_told_apart then 'The same so far.'
        when more_messages is not null
            then 'Cannot be told apart yet: that takes about ' || more_messages || ' more messages.'
        when not can_be_told_apart then 'Cannot be told apart yet.'
    end as verdict
from answers
order by kpi_order
