{{ config(materialized='incremental', incremental_strategy='replace_events') }}

with opt_out_phrases as (
    select
        {{ array_of(normal_text('phrase'), "match = 'exact'") }} as exact_phrases,
        {{ array_of(normal_text('phrase'), "match = 'contains'") }} as contained_phrases
    from {{ ref('opt_out_phrases') }}
),

landed as (
    select
        *,
        case when event_type = 'received' then {{ normal_text('body') }} end as inbound_text
    from {{ ref('landed_message_events') }}
),

typed_rows as (
    select
        landed.event_id,
        landed.event_type,
        landed.account_id,
        landed.contact_id,
        {{ parse_timestamp('landed.occurred_at') }} as occurred_at,
        landed.message_id,
        landed.campaign_id,
        landed.template_id,
        landed.origin,
        landed.channel,
        landed.account_number,
        {{ given_segments('landed.segments') }} as given_segments,
        {{ body_segments('landed.body') }} as body_segments,
        codes.error_code is not null as is_carrier_block_code,
        case
            when landed.inbound_text is not null
                then {{ is_opt_out('landed.inbound_text', 'phrases.exact_phrases', 'phrases.contained_phrases') }}
        end as is_opt_out_text,
        landed.landed_row,
        landed.ingest_date,
        landed.file_id
    from landed
    cross join opt_out_phrases as phrases
    left join {{ ref('carrier_block_codes') }} as codes
        on landed.provider = codes.provider and landed.error_code = codes.error_code
),

{{ settle_events(
    'typed_rows',
    stream='message_events',
    attributes=[
        'message_id', 'campaign_id', 'template_id', 'origin', 'channel', 'account_number', 'given_segments',
        'body_segments', 'is_carrier_block_code', 'is_opt_out_text',
    ]
) }}

select * from settled_events
