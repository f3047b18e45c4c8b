-- says:      Everybody who joins completes security awareness training within the control's days of joining.
-- supports:  HR-06
-- reads:     people, trainings
-- drives:    people by joined_on
-- takes:     days = 30
-- pass in_time [trainings]: The training was completed in time.
-- fail late: The training was completed too late.
-- fail failed [trainings]: The training was taken, but its test was not passed.
-- fail not_completed [trainings]: The training was assigned, but not completed.
-- fail taken_back [trainings]: The training was assigned and taken back, and none was completed.
-- fail not_assigned [trainings]: No training was assigned or completed.
-- not_applicable not_due: The time allowed is not over by the end of the period.
-- not_applicable left_before_due: The person left before it was due.
-- not_applicable no_break: The person had been there before without a break, under another contract or in another entity.
-- undetermined joined_unknown: Nobody knows when the person joined.
-- undetermined history_unknown: The person was there before, and nobody knows until when: this may be no joining at all.
-- undetermined day_unknown: The training was completed, but nobody knows when.
-- undetermined course_unknown: A course was taken, or asked for, and nobody knows whether it was this one.
-- undetermined state_unknown: The training was assigned, but nobody could see whether it was completed.
-- undetermined long_before: A training was completed long before the first day: whether it counts is not said.
-- undetermined not_matched: A training under this person's address belongs to nobody: it may be theirs.
-- undetermined on_leave: It was not completed and the person is on leave; since when, these lists do not tell.
-- undetermined no_person: The training belongs to nobody on the list of people.
with spells as (
    select *, joined_on + $days::integer as due_on,
           -- Of several spells the one before decides whether this is a joining, and which courses are older than it.
           lag(left_on) over mine as before_until,
           row_number() over mine > 1 as again,
           count(*) over (partition by person) > 1
               and count(*) filter (joined_on is null) over (partition by person) > 0 as muddled
    from people window mine as (partition by person order by joined_on nulls first, spell)
),
joiners as (
    select * from spells
    where (joined_on is null or joined_on <= $end)
      -- Who joined shortly before the period and falls due in it is judged too: the period before could not.
      and (joined_on is null or joined_on >= $start or due_on >= $start)
),
courses as (
    select *, coalesce(completed_on, local_day(completed_at)) as done_on,
           coalesce(topic = 'awareness', false) as awareness
    from trainings where topic is null or topic = 'awareness'
),
taken as (
    select c.*, p.row_key as spell_key, c.done_on >= p.joined_on - $days::integer as recent
    from courses c join joiners p using (person)
),
mine as (
    select p.row_key,
           min(c.done_on) filter (awareness and c.state = 'completed' and recent) as done_on,
           count(*) filter (not awareness and (c.done_on is null or c.done_on <= p.due_on)) as unsure,
           count(*) filter (awareness and c.state = 'completed' and not recent) as older,
           count(*) filter (awareness and c.state = 'completed' and c.done_on is null) as undated,
           count(*) filter (awareness and c.state is null) as unseen,
           count(*) filter (awareness and c.state = 'failed') as failed,
           count(*) filter (awareness and c.state in ('assigned', 'started')) as waiting,
           count(*) filter (awareness and c.state = 'withdrawn') as withdrawn
    from taken c join joiners p on p.row_key = c.spell_key
    -- What was taken in an earlier spell does not count for a later one; taken shortly before the first day it does.
    where not p.again or coalesce(c.done_on, c.assigned_on) is null
       or coalesce(c.done_on, c.assigned_on) > p.before_until
    group by p.row_key
),
strays as (
    select distinct email from courses where person is null and email is not null
),
judged as (
    select p.*, m.done_on, case
        when p.joined_on is null then 'joined_unknown'
        when p.again and (p.before_until is null or p.muddled) then 'history_unknown'
        when p.again and p.before_until + 1 >= p.joined_on then 'no_break'
        when m.done_on <= p.due_on then 'in_time'
        when p.left_on <= p.due_on then 'left_before_due'
        when p.due_on > least($end, $day) then 'not_due'
        when m.unsure > 0 then 'course_unknown'
        when m.undated > 0 then 'day_unknown'
        when s.email is not null then 'not_matched'
        when m.done_on is null and m.older > 0 then 'long_before'
        when m.unseen > 0 then 'state_unknown'
        when m.done_on is not null then 'late'
        when p.state = 'leave' then 'on_leave'
        when m.failed > 0 then 'failed'
        when m.waiting > 0 then 'not_completed'
        when m.withdrawn > 0 then 'taken_back'
        else 'not_assigned' end as cause
    from joiners p
    left join mine m using (row_key)
    left join strays s on s.email = p.email
)
select row_key as item, case when joined_on < $start then null else row_key end as subject, cause,
       concat_ws(', ', 'joined ' || joined_on::varchar, 'due ' || due_on::varchar,
                 'completed ' || done_on::varchar, 'left ' || left_on::varchar) as detail
from judged
union all
select 'nobody/' || c.row_key, null, 'no_person',
       concat_ws(', ', c.title, 'assigned ' || c.assigned_on::varchar, 'said to be taken by ' || coalesce(c.person, c.email))
from courses c
where (c.person is null or c.person not in (select person from people))
  and (c.assigned_on is null or c.assigned_on between $start and $end)
