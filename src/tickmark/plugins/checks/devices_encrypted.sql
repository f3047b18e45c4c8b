-- says:      The devices of the company that are in use are encrypted, and everybody at work has one that is managed.
-- supports:  AST-02
-- reads:     devices, people
-- drives:    devices where (enrolled_on is null or enrolled_on <= $end) and (state is distinct from 'retired' or retired_on is null or retired_on >= $start)
-- takes:     silent_days = 30
-- pass encrypted [people]: It is encrypted, as it last reported within the control's days.
-- fail not_encrypted: It is not encrypted.
-- not_applicable retired: It was retired.
-- not_applicable stored: It is in stock, with nobody.
-- not_applicable personal: It is a person's own; the control speaks of the company's devices.
-- not_applicable server: It is a server, not a device of a person.
-- undetermined nature_unknown: Nobody knows whose it is, or of what kind: the control may not speak of it.
-- undetermined state_unknown: Nobody knows whether it is in use.
-- undetermined encryption_unknown: Nobody could see whether it is encrypted.
-- undetermined never_seen: Nobody knows when it last reported.
-- undetermined silent: It has not reported for longer than the control allows: what it said then need not hold now.
-- undetermined no_holder: It is in use, but belongs to nobody on the list of people.
-- undetermined holder_left: It reported after its holder had left: who uses it now is not known.
-- undetermined retired_unknown: It was retired without encryption; whether it was on while in use is not known.
-- undetermined no_device: No managed device of this person is known: there is none, or it was never enrolled.
with in_use as (
    select *, coalesce(seen_on, local_day(seen_at)) as last_seen from devices
    where (enrolled_on is null or enrolled_on <= $end)
      and (state is distinct from 'retired' or retired_on is null or retired_on >= $start)
),
-- Of each person the last spell counts: who was hired again has not left.
holders as (
    select person, max(coalesce(left_on, date '9999-12-31')) as left_on,
           bool_or(state = 'left' and left_on is null) and not bool_or(state in ('active', 'leave')) as gone
    from people group by person
),
at_work as (
    select distinct person from people
    where (joined_on is null or joined_on <= least($end, $day)) and (left_on is null or left_on >= least($end, $day))
      and state is distinct from 'left' and state is distinct from 'scheduled' and kind is distinct from 'board'
),
judged as (
    select d.*, h.left_on, case
        when d.kind = 'server' then 'server'
        when d.owned_by = 'personal' then 'personal'
        when d.kind is null or d.owned_by is null then 'nature_unknown'
        -- A device that was wiped reports no encryption either: what it said while in use counts.
        when d.state = 'retired' and (d.encrypted or d.encrypted is null or d.last_seen >= d.retired_on) then 'retired'
        when d.state = 'retired' and d.last_seen < d.retired_on then 'not_encrypted'
        when d.state = 'retired' then 'retired_unknown'
        when d.state = 'stored' and d.person is null then 'stored'
        when d.state is null or d.state = 'stored' then 'state_unknown'
        when not d.encrypted then 'not_encrypted'
        when d.encrypted is null then 'encryption_unknown'
        when d.state = 'lost' then 'encrypted'
        when d.last_seen is null then 'never_seen'
        when $day - d.last_seen > $silent_days then 'silent'
        when h.person is null then 'no_holder'
        when h.gone or h.left_on < d.last_seen then 'holder_left'
        else 'encrypted' end as cause
    from in_use d left join holders h on h.person = d.person
)
select row_key as item, row_key as subject, cause,
       concat_ws(', ', name, 'held by ' || person, state, 'last seen ' || last_seen::varchar,
                 case when left_on < date '9999-12-31' then 'holder left ' || left_on::varchar end,
                 'retired ' || retired_on::varchar) as detail
from judged
union all
select 'person/' || person, null, 'no_device', null
from at_work
where person not in (
    select person from devices where person is not null and kind is distinct from 'server' and state is distinct from 'retired'
)
