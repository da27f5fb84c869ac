{{ config(materialized='incremental', incremental_strategy='replace_events') }}

with codes as (
    select * from {{ ref('carrier_block_codes') }}
),

normal_phrases as (
    select
        {{ normal_text('phrase') }} as phrase,
        match
    from {{ ref('opt_out_phrases') }}
),

opt_out_phrases as (
    select
        {{ array_of('phrase', "match = 'exact'") }} as exact_phrases,
        {{ array_of('phrase', "match = 'contains'") }} as contained_phrases
    from normal_phrases
    -- A phrase of punctuation only has nothing left to compare.
    where phrase != ''
),

landed as (
    select
        *,
        case when {{ event_type('message_events') }} = 'received' then {{ normal_text('body') }} end as inbound_text
    from {{ ref('landed_message_events') }}
),

typed_rows as (
    select
        landed.event_id,
        {{ event_type('message_events', 'landed.event_type') }} as event_type,
        landed.account_id,
        landed.contact_id,
        {{ parse_timestamp('landed.occurred_at') }} as occurred_at,
        landed.message_id,
        landed.campaign_id,
        landed.template_id,
        landed.origin,
        landed.channel,
        landed.account_number,
        landed.user_id,
        landed.price,
        {{ given_segments('landed.segments') }} as given_segments,
        {{ body_segments('landed.body') }} as body_segments,
        codes.error_code is not null as is_carrier_block_code,
        case
            when landed.inbound_text is not null
                then {{ is_opt_out('landed.inbound_text', 'phrases.exact_phrases', 'phrases.contained_phrases') }}
        end as is_opt_out_text,
        landed.inbound_text in ('start', 'unstop') as is_opt_in_text,
        landed.landed_row,
        landed.ingest_date,
        landed.file_id
    from landed
    cross join opt_out_phrases as phrases
    left join codes
        on lower(landed.provider) = codes.provider and {{ error_code('landed.error_code') }} = codes.error_code
),

{{ deduplicate_events(
    'typed_rows',
    stream='message_events',
    attributes=[
        'message_id', 'campaign_id', 'template_id', 'origin', 'channel', 'account_number', 'user_id', 'price',
        'given_segments', 'body_segments', 'is_carrier_block_code', 'is_opt_out_text', 'is_opt_in_text',
    ]
) }}

select * from deduplicated_events
