-- says:      Incidents are classified and closed, grave ones with their root cause and what was learned.
-- supports:  INC-02
-- reads:     tickets
-- drives:    tickets by detected_at where kind = 'incident' or kind is null
-- takes:     causes_from = "high"
-- pass closed: It was classified and closed; the control asks no root cause of so slight an incident.
-- pass closed_with_cause: It was classified and closed with its root cause and what was learned.
-- fail no_cause: It was closed without a root cause.
-- fail no_lessons: It was closed without anything learned from it.
-- not_applicable dropped: It was dropped as no incident, with the reason.
-- not_applicable double: It doubles another incident, which is judged itself.
-- undetermined kind_unknown: Nobody knows whether it is an incident.
-- undetermined detected_unknown: Nobody knows when it was noticed.
-- undetermined state_unknown: Nobody could see whether it is closed.
-- undetermined still_open: It is still open: how it will be closed cannot be said yet.
-- undetermined dropped_silently: It was dropped, and the record does not say why.
-- undetermined double_unknown: It is said to double a ticket that is not on the list, or no incident.
-- undetermined severity_unknown: It was never classified, or nobody could see how gravely.
-- undetermined cause_unknown: Nobody could see whether its root cause is on record.
-- undetermined lessons_unknown: Nobody could see whether anything was learned.
-- undetermined end_unknown: It is closed, but nobody knows since when.
-- undetermined times_disagree: It was resolved before it was noticed.
-- undetermined number_missing: A ticket is missing between two others: deleted, moved or hidden.
with ranked as (
    select *, list_position(['low', 'medium', 'high', 'critical'], severity)
                  >= list_position(['low', 'medium', 'high', 'critical'], $causes_from) as grave,
           coalesce(resolved_at, closed_at) as ended_at
    from tickets
),
incidents as (
    select * from ranked
    where (kind = 'incident' or kind is null)
      and (detected_at is null or (detected_at >= $start_at and detected_at < $end_before))
),
judged as (
    select i.*, case
        when i.kind is null then 'kind_unknown'
        when i.detected_at is null then 'detected_unknown'
        when i.state is null then 'state_unknown'
        when i.state = 'open' then 'still_open'
        when i.state = 'dropped' and i.duplicate_of is not null then
            case when d.ticket is null or d.ticket = i.ticket or d.state = 'dropped' then 'double_unknown' else 'double' end
        when i.state = 'dropped' then case when trim(i.cause) <> '' then 'dropped' else 'dropped_silently' end
        when i.severity is null then 'severity_unknown'
        when i.ended_at is null then 'end_unknown'
        when i.ended_at < i.detected_at then 'times_disagree'
        when not i.grave then 'closed'
        when trim(i.cause) = '' then 'no_cause'
        when trim(i.lessons) = '' then 'no_lessons'
        when i.cause is null then 'cause_unknown'
        when i.lessons is null then 'lessons_unknown'
        else 'closed_with_cause' end as cause_found
    from incidents i
    left join tickets d on d.project = i.project and d.ticket = i.duplicate_of and d.kind = 'incident'
),
numbered as (
    select project, number, opened_at,
           lead(number) over mine as next_number, lead(opened_at) over mine as next_opened_at
    from tickets where number is not null window mine as (partition by project order by number)
)
select row_key as item, row_key as subject, cause_found as cause,
       concat_ws(', ', title, severity, 'noticed ' || local_day(detected_at)::varchar,
                 'closed ' || local_day(ended_at)::varchar, 'double of ' || duplicate_of) as detail
from judged
union all
select 'missing/' || project || '/' || (number + 1)::varchar, null, 'number_missing',
       (next_number - number - 1)::varchar || ' missing after number ' || number::varchar || ' of ' || project
from numbered
where next_number > number + 1
  -- A ticket between two others was made between them.
  and (next_opened_at is null or next_opened_at >= $start_at)
  and (opened_at is null or opened_at < $end_before)
