-- One row per webhook: the events it becomes, or why it becomes none. Of several recipients the first counts.
with deliveries as (
    select
        clean(event -> 'data' ->> 'event_type') as landed_type,
        clean(event -> 'data' ->> 'occurred_at') as logged_text,
        event -> 'data' -> 'payload' as payload
    from source_events
),

webhooks as (
    select
        landed_type,
        logged_text,
        clean(payload ->> 'organization_id') as account_id,
        clean(payload ->> 'id') as message_id,
        lower(clean(payload ->> '$.to[0].status')) as status,
        address(payload ->> '$.from.phone_number') as sender_address,
        address(payload ->> '$.to[0].phone_number') as recipient_address,
        payload ->> 'text' as body,
        error_code(clean(payload ->> '$.errors[0].code')) as error_code,
        upper(clean(payload ->> 'type')) = 'MMS' as is_mms,
        nullif(whole_number(clean(payload ->> 'parts')), 0) as segments,
        amount(clean(payload ->> '$.cost.amount')) as price,
        clean(payload ->> 'messaging_profile_id') as service_id,
        -- Tags are texts such as `campaign:spring`, which names the campaign.
        from_json(coalesce(payload -> 'tags', '[]'), '["varchar"]') as tags
    from deliveries
),

typed_webhooks as (
    select
        *,
        landed_type = 'message.received' as is_inbound,
        case
            when landed_type = 'message.received' then ['received']
            when landed_type = 'message.sent' or status = 'delivery_unconfirmed' then ['sent']
            when landed_type != 'message.finalized' then null
            when status = 'delivered' then ['delivered']
            when status = 'delivery_failed' then ['undelivered']
            when status = 'sending_failed' and error_code in (select code from carrier_block_codes) then ['sent', 'undelivered']
        end as event_types
    from webhooks
)

select
    * exclude (tags),
    null::varchar as own_text,
    null::varchar as sent_text,
    tagged(tags, 'campaign') as tagged_campaign_id,
    tagged(tags, 'template') as tagged_template_id,
    tagged(tags, 'origin') as tagged_origin,
    tagged(tags, 'user') as user_id,
    case
        when landed_type not in ('message.received', 'message.sent', 'message.finalized') or landed_type is null then 'other_type'
        when event_types is null then case when status = 'sending_failed' then 'not_sent' else 'unknown_status' end
    end as left_out_because
from typed_webhooks
