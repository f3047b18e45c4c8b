-- says:      Weaknesses are fixed within the control's days for their severity, or excepted before that time is up.
-- supports:  OPS-02
-- reads:     findings
-- drives:    findings where coalesce(coalesce(first_seen_on, local_day(first_seen_at)) <= $end, true) and coalesce(state is distinct from 'fixed' or coalesce(fixed_on, local_day(fixed_at)) >= $start, true)
-- takes:     critical_days = 15, high_days = 30, medium_days = 90
-- pass in_time: It was fixed in time.
-- pass excepted: An exception was approved before the time was up, and had not run out.
-- fail late: It was fixed too late.
-- fail overdue: It is open, and the time allowed is over.
-- fail excepted_late: The exception was approved after the time was up.
-- fail ran_out: The exception ran out before the weakness was fixed.
-- not_applicable not_due: The time allowed is not over by the end of the period.
-- not_applicable no_limit: The control sets no time for so slight a weakness.
-- not_applicable dismissed: It was dismissed as no weakness, with the reason and by whom.
-- undetermined severity_unknown: It was never rated, or nobody could see how gravely.
-- undetermined found_unknown: Nobody knows when it was first detected.
-- undetermined state_unknown: Nobody could see whether it is fixed.
-- undetermined fixed_unknown: It is fixed, but nobody knows since when.
-- undetermined times_disagree: It was fixed before it was first detected.
-- undetermined exception_unknown: It is excepted, but nobody knows since when, or until when.
-- undetermined dismissed_silently: It was dismissed, and the record does not say why or by whom.
with dated as (
    select *, coalesce(first_seen_on, local_day(first_seen_at)) as found_on,
           case when state = 'fixed' then coalesce(fixed_on, local_day(fixed_at)) end as done_on,
           case severity when 'critical' then $critical_days when 'high' then $high_days when 'medium' then $medium_days
               end::integer as allowed
    from findings
    where coalesce(coalesce(first_seen_on, local_day(first_seen_at)) <= $end, true)
      and coalesce(state is distinct from 'fixed' or coalesce(fixed_on, local_day(fixed_at)) >= $start, true)
),
due as (
    -- Until when an exception would have to hold: the fix, else the end of what can be judged.
    select *, found_on + allowed as due_on, least(coalesce(done_on, $day), $day, $end) as held_until from dated
),
judged as (
    select *, case
        when state = 'dismissed' then
            case when trim(reason) <> '' and exception_by is not null then 'dismissed' else 'dismissed_silently' end
        when severity is null then 'severity_unknown'
        when allowed is null then 'no_limit'
        when found_on is null then 'found_unknown'
        when done_on < found_on then 'times_disagree'
        when done_on <= due_on then 'in_time'
        when state is null then 'state_unknown'
        when state = 'fixed' and done_on is null then 'fixed_unknown'
        when due_on > least($end, $day) then 'not_due'
        when exception is null and exception_on is null and exception_until is null and state <> 'excepted' then
            case when done_on is not null then 'late' else 'overdue' end
        when exception_on > due_on then 'excepted_late'
        when exception_until < held_until then 'ran_out'
        when exception_on is null or exception_until is null then 'exception_unknown'
        else 'excepted' end as cause
    from due
)
select row_key as item, cause,
       concat_ws(', ', asset, severity, 'found ' || found_on::varchar, 'due ' || due_on::varchar,
                 'fixed ' || done_on::varchar, 'excepted ' || exception_on::varchar || ' until ' || exception_until::varchar)
           as detail
from judged
