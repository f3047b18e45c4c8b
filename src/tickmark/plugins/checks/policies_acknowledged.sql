-- says:      Everybody acknowledges the text of each policy in force within the control's days of joining or of publication.
-- supports:  GOV-01, GOV-05
-- reads:     people, policies, acknowledgements
-- drives:    people where (joined_on is null or joined_on <= $end) and (left_on is null or left_on >= $start)
-- takes:     days = 14
-- pass in_time [acknowledgements]: The text in force was acknowledged in time.
-- fail late: The text in force was acknowledged too late.
-- fail missing [acknowledgements]: The text in force was not acknowledged.
-- fail other_text [acknowledgements]: Another text than the one in force was acknowledged.
-- not_applicable not_due: The time allowed has not run out.
-- not_applicable left_before_due: The person left before it was due.
-- not_applicable superseded_before_due: A newer version took its place before it was due.
-- not_applicable earlier_period: It was due, and done late, before the period.
-- not_applicable not_asked: No text in force has to be acknowledged by this person.
-- undetermined no_policy: No policy is on the list.
-- undetermined joined_unknown: Nobody knows when the person joined.
-- undetermined published_unknown: Nobody knows when the text was published.
-- undetermined duty_unknown: Nobody knows whether the text has to be acknowledged.
-- undetermined text_unknown: It was acknowledged, but nobody knows which text.
-- undetermined day_unknown: It was acknowledged, but nobody knows when.
-- undetermined before_publication: It was acknowledged before the text was published.
with present as (
    select * from people where (joined_on is null or joined_on <= $end) and (left_on is null or left_on >= $start)
),
texts as (
    select * from policies
    where (published_on is null or published_on <= $end) and (superseded_on is null or superseded_on >= $start)
      and must_acknowledge is distinct from false
),
duties as (
    select p.row_key as spell_key, p.person, p.joined_on, p.left_on, v.row_key as text_key, v.policy, v.version,
           v.digest, v.published_on, v.superseded_on, v.must_acknowledge,
           greatest(p.joined_on, v.published_on) as asked_on,
           greatest(p.joined_on, v.published_on) + $days::integer as due_on
    from present p left join texts v
      on (v.superseded_on is null or p.joined_on is null or v.superseded_on > p.joined_on)
     and (v.published_on is null or p.left_on is null or v.published_on <= p.left_on)
),
given as (
    select d.spell_key, d.text_key,
           count(*) as answers,
           min(a.day) filter (a.digest = d.digest) as right_on,
           count(*) filter (a.digest = d.digest) as right_texts,
           count(*) filter (a.digest <> d.digest) as other_texts
    from duties d join (
        select *, coalesce(acknowledged_on, local_day(acknowledged_at)) as day from acknowledgements
    ) a on a.person = d.person and a.policy = d.policy and a.version = d.version
    group by all
),
judged as (
    select d.*, g.right_on, case
        when d.text_key is null and not exists (select 1 from policies) then 'no_policy'
        when d.text_key is null then 'not_asked'
        when d.published_on is null then 'published_unknown'
        when d.must_acknowledge is null then 'duty_unknown'
        when d.joined_on is null then 'joined_unknown'
        when g.right_on < d.published_on then 'before_publication'
        when g.right_on <= d.due_on then 'in_time'
        when g.right_on < $start and d.due_on < $start then 'earlier_period'
        when d.left_on <= d.due_on then 'left_before_due'
        when d.superseded_on <= d.due_on then 'superseded_before_due'
        when g.right_on is not null then 'late'
        when g.right_texts > 0 then 'day_unknown'
        when g.answers > g.other_texts then 'text_unknown'
        when d.due_on > $day then 'not_due'
        when g.other_texts > 0 then 'other_text'
        else 'missing' end as cause
    from duties d left join given g using (spell_key, text_key)
)
select case when text_key is null then spell_key else spell_key || '/' || text_key end as item,
       spell_key as subject, cause,
       concat_ws(', ', 'asked ' || asked_on::varchar, 'due ' || due_on::varchar,
                 'acknowledged ' || right_on::varchar) as detail
from judged
