-- One row per event that the landing zone does not have: of several tellings of one, the earliest.
with new_tellings as (
    select told.*
    from told_messages as told
    anti join landed_message_events as landed
        on told.account_id is not distinct from landed.account_id and told.message_id || ':' || told.event_type = landed.event_id
),

-- Most events are told of once, and nothing has to be ranked.
repeated as (
    select
        account_id,
        message_id,
        event_type
    from new_tellings
    group by all
    having count(*) > 1
),

first_tellings as (
    select new_tellings.*
    from new_tellings
    anti join repeated
        on new_tellings.account_id is not distinct from repeated.account_id
        and new_tellings.message_id is not distinct from repeated.message_id
        and new_tellings.event_type = repeated.event_type
    union all
    select new_tellings.*
    from new_tellings
    semi join repeated
        on new_tellings.account_id is not distinct from repeated.account_id
        and new_tellings.message_id is not distinct from repeated.message_id
        and new_tellings.event_type = repeated.event_type
    qualify row_number() over (
        partition by new_tellings.account_id, new_tellings.message_id, new_tellings.event_type
        order by occurred_at nulls last, synced_at, body, error_code, segments
    ) = 1
),

-- A contact is final: a provider that hides a number later hides it from nobody who has seen it whole.
contacts as (
    select
        account_id,
        message_id,
        case
            when min(contact_address) = max(contact_address) then min(contact_address)
            else arg_min(contact_address, (contains(contact_address, 'xxx'), coalesce(synced_at, timestamp '9999-12-31'), contact_address))
        end as contact_address
    from told_messages
    semi join new_tellings using (account_id, message_id)
    group by account_id, message_id
),

identities as (
    select
        contact_address,
        contact_id(contact_address) as contact_id
    from (select distinct contact_address from contacts)
)

select
    first_tellings.message_id || ':' || first_tellings.event_type as event_id,
    first_tellings.event_type,
    first_tellings.account_id,
    coalesce(landed_messages.contact_id, identities.contact_id, contact_id(contacts.contact_address)) as contact_id,
    coalesce(written(first_tellings.occurred_at), first_tellings.occurred_text) as occurred_at,
    first_tellings.message_id,
    case
        when first_tellings.tagged_campaign_id is not null then first_tellings.tagged_campaign_id
        when not is_automatic(first_tellings.direction)
            then coalesce(of_number.campaign_id, of_service.campaign_id, first_tellings.service_id)
    end as campaign_id,
    case
        when first_tellings.tagged_template_id is not null then first_tellings.tagged_template_id
        when not is_automatic(first_tellings.direction) then coalesce(of_number.template_id, of_service.template_id)
    end as template_id,
    case
        when first_tellings.tagged_origin is not null then first_tellings.tagged_origin
        when is_automatic(first_tellings.direction) then 'campaign'
        else coalesce(
            of_number.origin, of_service.origin, case when first_tellings.service_id is null then 'manual' else 'campaign' end
        )
    end as origin,
    first_tellings.channel,
    first_tellings.account_number,
    first_tellings.body,
    first_tellings.segments,
    provider() as provider,
    first_tellings.error_code,
    first_tellings.user_id,
    first_tellings.price::varchar as price
from first_tellings
left join contacts
    on first_tellings.account_id = contacts.account_id and first_tellings.message_id = contacts.message_id
left join identities
    on contacts.contact_address = identities.contact_address
left join landed_messages
    on first_tellings.account_id = landed_messages.account_id and first_tellings.message_id = landed_messages.message_id
left join senders as of_number
    on first_tellings.account_id = of_number.account_id and first_tellings.account_number = address(of_number.sender)
left join senders as of_service
    on first_tellings.account_id = of_service.account_id and first_tellings.service_id = of_service.sender
