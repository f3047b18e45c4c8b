-- says:      Accounts of leavers are disabled within the control's business days of their leaving.
-- supports:  AC-04
-- reads:     people, accounts
-- drives:    people by left_on where left_on is not null or state is null or state = 'left'
-- takes:     days = 1
-- pass in_time [accounts]: The account was disabled in time.
-- fail still_active: The account is still active after the leaver's last allowed day.
-- fail late: The account was disabled too late.
-- fail enabled_again: The account was enabled again after its holder had left.
-- not_applicable not_due: The leaving lies ahead, or the time allowed has not run out.
-- not_applicable no_break: The person stayed without a break, under another contract or in another entity.
-- not_applicable later_account: The account was made for a later spell of employment.
-- undetermined end_unknown: The person left, but nobody knows when.
-- undetermined no_account: No account was found: there was none, or it was not matched.
-- undetermined state_unknown: Nobody could see whether the account is active.
-- undetermined day_unknown: The account is disabled, but nobody knows since when.
-- undetermined history_unknown: The person was hired again, and it cannot be told whether the account was closed between.
-- undetermined shared: A shared or service account belongs to the leaver: whether its secret was changed is not in these lists.
-- undetermined no_person: The account belongs to nobody on the list of people.
with spells as (
    select *, lead(joined_on) over (partition by person order by joined_on nulls first, spell) as next_joined,
           -- Of several spells one has no first day: nobody knows which follows which.
           count(*) over mine > 1 and count(*) filter (joined_on is null) over mine > 0 as muddled
    from people window mine as (partition by person)
),
leavers as (
    select * from spells
    where (left_on is not null or state is null or state = 'left')
      and (left_on is null or (left_on >= $start and left_on <= $end))
),
seen as (
    select *, coalesce(disabled_on, local_day(disabled_at)) as closed_on,
           coalesce(created_on, local_day(created_at)) as made_on,
           state in ('disabled', 'deleted') as closed, row_key as account_key
    from accounts
),
pairs as (
    select p.row_key as spell_key, p.left_on, p.next_joined, p.muddled, a.*,
           business_days(p.left_on, a.closed_on) as taken,
           business_days(p.left_on, p.next_joined) as away,
           business_days(p.left_on, $day) as passed,
           -- An opening after the leaving counts against the leaver unless a later spell explains it.
           local_day(a.enabled_again_at) > p.left_on
               and (p.next_joined is null or local_day(a.enabled_again_at) < p.next_joined) as reopened
    from leavers p left join seen a on a.person = p.person
),
judged as (
    select *, case
        when left_on is null then 'end_unknown'
        when left_on > $day and not coalesce(closed, false) then 'not_due'
        when muddled then 'history_unknown'
        when away <= $days then 'no_break'
        when account_key is null then 'no_account'
        when kind in ('service', 'shared', 'breakglass', 'bot') then 'shared'
        when next_joined is not null and made_on > left_on then 'later_account'
        when state is null or state = 'staged' then 'state_unknown'
        when reopened then 'enabled_again'
        when next_joined is not null and closed_on is null then 'history_unknown'
        when next_joined is not null and closed_on >= next_joined then 'history_unknown'
        when not closed and closed_on is not null and next_joined is null then 'enabled_again'
        when not closed and next_joined is null and passed <= $days then 'not_due'
        when not closed and next_joined is null then 'still_active'
        when closed_on is null then 'day_unknown'
        when taken <= $days then 'in_time'
        else 'late' end as cause
    from pairs
)
select case when account_key is null then spell_key else spell_key || '/' || account_key end as item,
       spell_key as subject, cause,
       concat_ws(', ', login, 'left ' || left_on::varchar, 'disabled ' || closed_on::varchar,
                 case when closed_on > left_on then taken::varchar || ' business days after' end,
                 case when local_day(last_login_at) > left_on
                      then 'last log-in ' || local_day(last_login_at)::varchar || ', after leaving' end) as detail
from judged
union all
select 'nobody/' || a.account_key, null, 'no_person',
       concat_ws(', ', a.login, 'state ' || a.state, 'said to belong to ' || a.person)
from seen a
where coalesce(a.kind, 'person') in ('person', 'external')
  and (a.person is null or a.person not in (select person from people))
  and (a.closed_on is null or a.closed_on >= $start)
  and (a.made_on is null or a.made_on <= $end)
