-- The content of the sample: accounts, their campaigns and each contact's history, as rows of the landing streams.
-- Every choice is a hash of the seed and its subject, so the same seed and end day always give the same data.
-- Variables: seed, end_day, days, contacts, accounts, campaigns_largest, campaigns_other.

create or replace macro dice(about, key) as
    (hash(getvariable('seed'), about, key) % 1000000) / 1000000.0;

create or replace macro pick(about, key, options) as
    options[1 + (hash(getvariable('seed'), about, key) % len(options))::int];

-- A wait in seconds, mostly short and sometimes very long.
create or replace macro delay(about, key, mean_seconds) as
    to_milliseconds((-ln(1 - dice(about, key)) * mean_seconds * 1000)::bigint);

create or replace temp table clock as
select
    getvariable('end_day')::date as end_day,
    getvariable('end_day')::date - getvariable('days')::int + 1 as first_day,
    -- The last day is open: it began at midnight UTC.
    getvariable('end_day')::timestamp + interval 12 hours as now_utc;

-- Account 1 is an agency with 40 % of all traffic. Accounts 2 to 4 are below it, and 5 is below 4.
-- The last four are faulty: one has an unknown parent, two are each other's parent, and one arrives late.
create or replace temp table sample_accounts as
select
    n,
    'acc_' || n as account_id,
    case
        when n between 2 and 4 then 'acc_1'
        when n = 5 then 'acc_4'
        when n = getvariable('accounts') - 3 then 'acc_nobody'
        when n = getvariable('accounts') - 2 then 'acc_' || (n + 1)
        when n = getvariable('accounts') - 1 then 'acc_' || (n - 1)
    end as parent_account_id,
    pick('first name', n, ['Bright', 'Blue', 'Silver', 'North', 'Cedar', 'Summit', 'River', 'Union', 'Evergreen', 'Harbor'])
    || ' ' || pick('second name', n, ['Homes', 'Solar', 'Insurance', 'Roofing', 'Capital', 'Realty', 'Dental', 'Fitness'])
    || case when n = 1 then ' Agency' else ' ' || n end as account_name,
    case
        when n = 1 then 'America/New_York'
        when n = getvariable('accounts') - 3 then 'Mars/Olympus_Mons'
        when n = getvariable('accounts') - 2 then null
        else pick('timezone', n, [
            'America/Chicago', 'America/Los_Angeles', 'America/Phoenix', 'Europe/London', 'Europe/Berlin', 'Asia/Kolkata',
            'Australia/Sydney', 'America/New_York',
        ])
    end as timezone,
    case when n = 1 then getvariable('campaigns_largest') else getvariable('campaigns_other') end as campaigns
from range(1, getvariable('accounts') + 1) as accounts(n);

create or replace temp table sample_campaigns as
select
    account_id,
    k,
    'cmp_' || a.n || '_' || k as campaign_id,
    pick('campaign', a.n * 1000 + k, ['Spring offer', 'Win back', 'New leads', 'Open house', 'Renewal', 'Free quote', 'Webinar'])
    || ' ' || k as campaign_name,
    case when dice('keyword', a.n * 1000 + k) < 0.15 then 'keyword' else 'standard' end as campaign_type,
    (clock.first_day + (k * getvariable('days')::int / a.campaigns)::int)::timestamp - interval 15 hours as created_at
from sample_accounts as a
cross join clock
cross join lateral (select unnest(range(a.campaigns)) as k) as numbers;

-- Each campaign has three steps. The last step's template is shared by all campaigns of the account.
create or replace temp table sample_templates as
select
    account_id,
    k,
    step,
    case when step = 3 then 'tpl_' || account_id[5:] || '_bye' else 'tpl_' || campaign_id[5:] || '_' || step end as template_id,
    case step
        when 1 then 'Hi there, this is Sam. We have a ' || lower(campaign_name) || ' in your area this week. Would you like details?'
            || case when k % 3 = 1 then ' 🎉' else '' end
        when 2 then 'Just following up on my last message about our ' || lower(campaign_name) || '. Many of your neighbors already saved '
            || 'with us, and the places for this month are almost gone. Shall I hold one for you? Reply YES and we will call you back today.'
        else 'Last note from me. If now is not the time, no problem. Reply STOP to opt out.'
    end as body,
    -- The template that carriers flag: it promises free money.
    step = 2 and k = 1 as is_flagged
from sample_campaigns
cross join (select unnest([1, 2, 3]) as step) as steps;

create or replace temp table sample_enrollments as
with contacts as (
    select
        i,
        case
            when dice('account', i) < 0.4 then 1
            else 2 + floor((dice('account', i) - 0.4) / 0.6 * (getvariable('accounts') - 1))::int
        end as n
    from range(getvariable('contacts')) as numbers(i)
),

enrolled as (
    select i, n, 2 * i + e as enrollment, floor(dice('enroll', 2 * i + e) * getvariable('days'))::int as day_number
    from contacts
    cross join (select unnest([0, 1]) as e) as tries
    where e = 0 or dice('again', i) < 0.5
)

select
    enrolled.enrollment,
    a.account_id,
    'con_' || i as contact_id,
    a.timezone,
    '+1555' || lpad((a.n * 10 + i % 3)::varchar, 7, '0') as account_number,
    pick('provider', a.n, ['twilio', 'telnyx', 'twilio', 'bandwidth']) as provider,
    day_number,
    greatest(
        floor(day_number / getvariable('days')::double * a.campaigns)::int - (dice('late joiner', enrollment) < 0.25)::int, 0
    ) as k
from enrolled
inner join sample_accounts as a on enrolled.n = a.n;

-- A contact leaves the sequence at the step it answers.
create or replace temp table sample_messages as
with steps as (
    select
        e.*,
        step,
        4 * enrollment + step as message_number,
        dice('reply', 4 * enrollment + step) < 0.09 as is_answered,
        -- Within the account's working hours, nine to six.
        timezone(
            case when e.timezone is null or e.timezone like 'Mars%' then 'UTC' else e.timezone end,
            (clock.first_day + day_number + [0, 2, 5][step])::timestamp
            + to_milliseconds((9 * 3600000 + dice('hour', 4 * enrollment + step) * 9 * 3600000)::bigint)
        ) at time zone 'UTC' as sent_at
    from sample_enrollments as e
    cross join clock
    cross join (select unnest([1, 2, 3]) as step) as numbers
)

select
    s.message_number,
    s.account_id,
    s.contact_id,
    s.account_number,
    s.provider,
    c.campaign_id,
    t.template_id,
    t.body,
    s.is_answered,
    s.sent_at,
    case
        when dice('block', message_number) < (case when t.is_flagged then 0.35 else 0.012 end) then
            case when dice('block kind', message_number) < 0.6 then 'carrier_blocked' else 'undelivered by carrier' end
        when dice('fail', message_number) < 0.02 then 'undelivered'
        when dice('silent', message_number) < 0.01 then 'sent'
        else 'delivered'
    end as fate,
    s.enrollment
from steps as s
cross join clock
inner join sample_campaigns as c on s.account_id = c.account_id and s.k = c.k
inner join sample_templates as t on s.account_id = t.account_id and s.k = t.k and s.step = t.step
where
    s.sent_at < clock.now_utc
    and not (s.step > 1 and dice('reply', 4 * s.enrollment + 1) < 0.09)
    and not (s.step > 2 and dice('reply', 4 * s.enrollment + 2) < 0.09);

-- A reply, often an agent's answer, and sometimes a second reply.
create or replace temp table sample_replies as
with first_replies as (
    select
        * exclude (body, sent_at, fate),
        sent_at + delay('reply after', message_number, 2700) + interval 20 seconds as replied_at,
        case
            when dice('wants out', message_number) < 0.18 then pick('opt out', message_number, [
                'STOP', 'stop', 'Stop.', 'Unsubscribe', 'Please remove me from your list', 'quit', 'Take me off this list!!',
                'don’t text me again', 'STOP ALL', 'opt out', 'cancel', 'Please stop texting me',
            ])
            else pick('words', message_number, [
                'Yes', 'Who is this?', 'Sure, call me', 'How much is it?', 'Not now, try next week', 'Tell me more please',
                'ok 👍', 'I already have one. When does it stop?', 'Can you do Thursday?',
            ])
        end as body
    from sample_messages
    where is_answered and fate in ('delivered', 'sent')
)

select
    *,
    dice('wants out', message_number) < 0.18 as wants_out,
    replied_at + delay('answer after', message_number, 1900) + interval 30 seconds as answered_at
from first_replies
cross join clock
where replied_at < clock.now_utc;

-- One row per message event of the landing contract, before anything goes wrong.
-- Most have a price; Twilio's are negative. The first of an account's two users answers and calls more often, and the user is not always known.
create or replace macro price_of(number, provider, amount) as
    case when dice('price', number) < 0.97 then (case when provider = 'twilio' then -amount else amount end)::decimal(9, 4)::varchar end;
create or replace macro user_of(account_id, number) as
    case
        when dice('user', number) < 0.95 then replace(account_id, 'acc_', 'usr_') || '_' || (1 + (dice('which user', number) < 0.35)::int)
    end;

create or replace temp table message_events as
with events as (
    select
        'e' || message_number || 's' as event_id, 'sent' as event_type, account_id, contact_id, sent_at as occurred_at,
        'm' || message_number as message_id, campaign_id, template_id, 'campaign' as origin,
        case when message_number % 97 = 0 then 'mms' else 'sms' end as channel, account_number, body,
        case when dice('segments', message_number) < 0.7 then 1 + (length(body) > 160)::int end as segments, provider, null as error_code,
        null as user_id, price_of(message_number, provider, case when message_number % 97 = 0 then 0.02 else 0.0079 * (1 + (length(body) > 160)::int) end)
            as price
    from sample_messages
    where dice('sent lost', message_number) >= 0.004 or fate = 'sent'
    union all
    select
        'e' || message_number || 'f',
        case when fate = 'undelivered by carrier' then 'undelivered' else fate end,
        account_id, contact_id, sent_at + delay('delivery', message_number, 8),
        'm' || message_number, campaign_id, template_id, 'campaign', null, account_number,
        case when dice('sent lost', message_number) < 0.004 then body end, null, provider,
        case fate
            when 'undelivered by carrier' then case provider when 'twilio' then '30007' when 'telnyx' then '40002' else '4770' end
            when 'undelivered' then case provider when 'twilio' then '30003' when 'telnyx' then '40008' else '4720' end
        end, null, null
    from sample_messages
    where fate != 'sent'
    union all
    select
        'e' || message_number || 'r', 'received', account_id, contact_id, replied_at, 'm' || message_number || 'r',
        case when dice('named', message_number) < 0.3 then campaign_id end,
        case when dice('named', message_number) < 0.1 then template_id end,
        null, 'sms', account_number, body, 1, provider, null, null, null
    from sample_replies
    union all
    select
        'e' || message_number || 'a', 'sent', account_id, contact_id, answered_at, 'm' || message_number || 'a',
        case when dice('manual names', message_number) < 0.4 then campaign_id end, null,
        'manual', 'sms', account_number, 'Happy to help! What would be a good time to talk?', null, provider, null,
        user_of(account_id, message_number), price_of(message_number, provider, 0.0079)
    from sample_replies
    where not wants_out and dice('answer', message_number) < 0.7
    union all
    select
        'e' || message_number || 'd', 'delivered', account_id, contact_id, answered_at + interval 3 seconds,
        'm' || message_number || 'a', null, null, 'manual', 'sms', account_number, null, null, provider, null, null, null
    from sample_replies
    where not wants_out and dice('answer', message_number) < 0.7
    union all
    select
        'e' || message_number || 'q', 'received', account_id, contact_id,
        answered_at + delay('second after', message_number, 1500), 'm' || message_number || 'q', null, null,
        null, 'sms', account_number, pick('second', message_number, ['Tomorrow at 10', 'Great, thanks', 'remove me', 'Maybe later']),
        1, provider, null, null, null
    from sample_replies
    where not wants_out and dice('second', message_number) < 0.3
)

select events.* from events cross join clock where events.occurred_at < clock.now_utc;

create or replace temp table contact_events as
with events as (
    select
        'c' || message_number || 'o' as event_id, 'opted_out' as event_type, account_id, contact_id,
        replied_at + interval 2 seconds as occurred_at, null as campaign_id, null as template_id, null as label_id
    from sample_replies
    where wants_out and dice('flagged out', message_number) < 0.7
    union all
    select
        'c' || message_number || 'f', 'ai_filtered', account_id, contact_id, replied_at + interval 4 seconds, campaign_id, null, null
    from sample_replies
    where dice('filtered', message_number) < 0.12
    union all
    select
        'c' || message_number || 't', 'label_added', account_id, contact_id, replied_at + interval 9 minutes,
        case when dice('label names', message_number) < 0.5 then campaign_id end, null,
        pick('label', message_number, ['lbl_hot', 'lbl_hot', 'lbl_warm', 'lbl_later', 'lbl_wrong'])
    from sample_replies
    where dice('labelled', message_number) < 0.5
    union all
    select
        'c' || message_number || 'l', 'lead_created', account_id, contact_id, replied_at + interval 15 minutes,
        case when dice('lead names', message_number) < 0.5 then campaign_id end, null, null
    from sample_replies
    where not wants_out and dice('lead', message_number) < 0.3
    union all
    select
        'c' || message_number || 'm', 'lead_created', account_id, contact_id, replied_at + interval 26 hours, campaign_id, null, null
    from sample_replies
    where not wants_out and dice('lead', message_number) < 0.04
)

select events.* from events cross join clock where events.occurred_at < clock.now_utc;

create or replace temp table call_events as
with calls as (
    select
        account_id, contact_id, campaign_id, 'k' || message_number as call_id, message_number,
        sent_at + delay('dial after', message_number, 90000) as dialed_at,
        dice('pickup', message_number) as pickup,
        (-ln(1 - dice('talk', message_number)) * 140)::int as talk_seconds,
        dice('called in', message_number) < 0.05 as is_inbound
    from sample_messages
    where dice('call', message_number) < (case when is_answered then 0.5 else 0.05 end)
),

events as (
    select
        call_id || 'd' as event_id, 'dialed' as event_type, account_id, contact_id, dialed_at as occurred_at, call_id,
        case when dice('call names', message_number) < 0.9 then campaign_id end as campaign_id,
        case when is_inbound then 'inbound' when message_number % 5 > 0 then 'outbound' end as direction,
        null as answered_by, null as duration_seconds, null as outcome, user_of(account_id, message_number) as user_id, null as price
    from calls
    union all
    select
        call_id || 'a', 'answered', account_id, contact_id, dialed_at + interval 11 seconds, call_id, null, null,
        case when pickup < 0.35 then 'human' when pickup >= 0.4 then 'machine' end, null, null, null, null
    from calls
    where pickup < 0.55
    union all
    select
        call_id || 'e', 'ended', account_id, contact_id, dialed_at + to_seconds(11 + talk_seconds), call_id, null, null, null,
        case when dice('talk known', message_number) < 0.8 then talk_seconds end, null, null,
        price_of(message_number, 'other', 0.014 * (1 + talk_seconds // 60))
    from calls
    where pickup < 0.55
    union all
    select
        call_id || 'o', 'outcome_recorded', account_id, contact_id, dialed_at + to_seconds(40 + talk_seconds), call_id, null, null, null,
        null,
        pick('outcome', message_number, ['Lead', 'Not interested', 'Callback', 'Wrong number', 'Voicemail', 'Lead', 'No answer']), null, null
    from calls
    where dice('tagged', message_number) < 0.7
    union all
    select
        call_id || 'c', 'outcome_recorded', account_id, contact_id, dialed_at + to_seconds(60 + talk_seconds), call_id, null, null, null,
        null, 'Deal closed', null, null
    from calls
    where pickup < 0.4 and dice('deal', message_number) < 0.12
)

select events.* from events cross join clock where events.occurred_at < clock.now_utc;

-- Entities. Most rows land on the first day. One account changes its name later, and the last account arrives late.
create or replace temp table accounts as
select
    account_id, parent_account_id, account_name, timezone, clock.first_day::timestamp - interval 30 days as created_at,
    clock.first_day::timestamp as updated_at,
    case when n = getvariable('accounts') then clock.end_day - (getvariable('days')::int // 3) else clock.first_day end as ingest_date
from sample_accounts
cross join clock
union all
select
    account_id, parent_account_id, account_name || ' & Partners', timezone, clock.first_day::timestamp - interval 30 days,
    clock.first_day::timestamp + interval 5 days, clock.first_day + 5
from sample_accounts
cross join clock
where n = 2;

create or replace temp table users as
select
    'usr_' || n || '_' || u as user_id, account_id, ' Owner' || u || '.' || n || '@Example.com' as email,
    clock.first_day::timestamp - interval 30 days as created_at, clock.first_day::timestamp as updated_at, clock.first_day as ingest_date
from sample_accounts
cross join clock
cross join (select unnest([1, 2]) as u) as numbers;

create or replace temp table campaigns as
select
    campaign_id, account_id, campaign_name, campaign_type, created_at, created_at as updated_at,
    least(greatest(created_at::date, clock.first_day), clock.end_day) as ingest_date
from sample_campaigns
cross join clock;

create or replace temp table message_templates as
select distinct on (account_id, template_id)
    template_id, account_id, case step when 3 then 'Goodbye' else 'Step ' || step || ' of campaign ' || k end as template_name, body,
    clock.first_day::timestamp - interval 1 day as created_at, clock.first_day::timestamp as updated_at, clock.first_day as ingest_date
from sample_templates
cross join clock
order by account_id, template_id, k;

create or replace temp table labels as
select
    label_id, account_id, label_name, clock.first_day::timestamp as created_at, clock.first_day::timestamp as updated_at,
    clock.first_day as ingest_date
from sample_accounts
cross join clock
cross join (values ('lbl_hot', 'Hot lead'), ('lbl_warm', 'Warm'), ('lbl_later', 'Later')) as names(label_id, label_name);
