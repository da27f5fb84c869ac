-- Airbyte does not sync messaging services.
select
    null::varchar as service_id,
    null::varchar as account_id,
    null::varchar as friendly_name,
    null::varchar as created_at,
    null::varchar as updated_at
where false
