-- One row per event the landing zone lacks; the earliest of several reports of the same event.
-- Not materialized: millions of bodies pass through once, and reading the keys again is cheap.
with new_tellings as not materialized (
    select told.*
    from told_messages as told
    anti join landed_message_events as landed
        on told.account_id is not distinct from landed.account_id and told.message_id || ':' || told.event_type = landed.event_id
),

-- A contact is final: a number that was seen whole stays known after the provider obfuscates it.
final_contacts as (
    select
        account_id,
        message_id,
        case
            when min(contact_address) = max(contact_address) then min(contact_address)
            else arg_min(contact_address, (contains(contact_address, 'xxx'), coalesce(synced_at, timestamp '9999-12-31'), contact_address))
        end as contact_address
    from message_snapshots
    semi join repeated_messages using (account_id, message_id)
    where skipped_because is null
    group by account_id, message_id
),

first_tellings as not materialized (
    select *
    from new_tellings
    anti join repeated_messages using (account_id, message_id)
    union all by name
    select
        new_tellings.* exclude (contact_address),
        final_contacts.contact_address
    from new_tellings
    inner join final_contacts using (account_id, message_id)
    qualify row_number() over (
        partition by account_id, message_id, event_type
        order by occurred_at nulls last, synced_at, body, error_code, segments
    ) = 1
),

landed_contacts as (
    select
        account_id,
        message_id,
        arg_min(contact_id, (ingest_date, contact_id)) as contact_id
    from landed_message_events
    semi join new_messages using (account_id, message_id)
    group by account_id, message_id
),

identities as (
    select
        contact_address,
        contact_id(contact_address) as contact_id
    from (select distinct contact_address from first_tellings)
)

select
    first_tellings.message_id || ':' || first_tellings.event_type as event_id,
    first_tellings.event_type,
    first_tellings.account_id,
    coalesce(landed_contacts.contact_id, identities.contact_id) as contact_id,
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
left join identities
    on first_tellings.contact_address = identities.contact_address
left join landed_contacts
    on first_tellings.account_id = landed_contacts.account_id and first_tellings.message_id = landed_contacts.message_id
left join senders as of_number
    on first_tellings.account_id = of_number.account_id and first_tellings.account_number = address(of_number.sender)
left join senders as of_service
    on first_tellings.account_id = of_service.account_id and first_tellings.service_id = of_service.sender
