{{ config(parameters=['account', 'start_day', 'end_day', 'campaign := null', 'template := null']) }}

with labels as (
    select * from {{ ref('dim_labels') }}
),

additions as (
    select
        label_id,
        {{ is_first_in_range() | indent(8) }} as is_first_in_range
    from {{ ref('fct_label_additions') }}
    where
        {{ in_range(['campaign', 'template']) | indent(8) }}
),

counts as (
    select
        label_id,
        count(*) filter (where is_first_in_range) as contacts
    from additions
    group by label_id
)

select
    counts.label_id,
    labels.label_name,
    counts.contacts,
    {{ rate('counts.contacts', 'sum(counts.contacts) over ()') }} as share
from counts
left join labels on counts.label_id = labels.label_id and labels.account_id = account
order by counts.contacts desc, counts.label_id asc
