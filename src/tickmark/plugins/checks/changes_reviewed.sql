-- says:      Each change that reached the protected branch was approved before by another person, on the head that was merged.
-- supports:  CHG-02
-- reads:     changes, pulls, accounts?
-- drives:    changes by reached_at
-- takes:     skew_seconds = 60, rebase_seconds = 120, forge = "github"
-- pass reviewed [pulls, accounts]: Approved by another person, before the merge, on the head that was merged.
-- fail direct_push [pulls]: Pushed to the branch without a pull request.
-- fail no_approval: Merged without any approval.
-- fail changes_requested: Merged although the reviewer had asked for changes.
-- fail self_approved: Approved by its author only.
-- fail joint_author: Approved only by somebody who wrote a part of it.
-- fail bot_approved: Approved by a program only.
-- fail dismissed: The approval was dismissed.
-- fail after_merge: Approved after the merge only.
-- fail stale: Commits were pushed after the approval; the head that was merged was not approved.
-- undetermined author_unknown: Nobody knows who the author is.
-- undetermined reviewer_unknown: Nobody knows who approved it.
-- undetermined reviewer_kind_unknown: Nobody knows whether a person or a program approved it.
-- undetermined shared_account: It was approved from a shared or external account that names no person.
-- undetermined review_state_unknown: Nobody could see what the review said.
-- undetermined review_time_unknown: Nobody knows when it was approved.
-- undetermined review_head_unknown: Nobody knows which commit was approved.
-- undetermined merge_time_unknown: Nobody knows when it was merged.
-- undetermined head_unknown: Nobody knows which head was merged.
-- undetermined merger_unknown: It was approved, but nobody knows who merged it.
-- undetermined reviews_unknown: Nobody could see the reviews of the pull request.
-- undetermined pull_unknown: The message names a pull request that is not on the list.
-- undetermined pull_disagrees: The message names a pull request that became another commit.
-- undetermined pull_unproven: The message names a pull request, but nothing proves that it became this commit.
-- undetermined pull_unmatched: A merged pull request does not tell which commit it became; it may be this one.
-- undetermined maybe_rebased: It may be a part of the pull request that was merged just after it.
-- undetermined repository_unseen: No pull request of this repository is on the list: was it asked for?
with moved as (
    select row_key, repository, change, position, head, pull, reached_at, author, authors from changes
    where reached_at is null or (reached_at >= $start_at and reached_at < $end_before)
),
people_of as (
    select lower(coalesce(login, account)) as login, any_value(person) as person, any_value(kind) as kind
    from accounts where system = $forge group by all
),
-- Who wrote a part of a change, as a login where the address tells it and as a person where the accounts do.
wrote as (
    select distinct a.row_key, unnest([
        lower(nullif(regexp_extract(a.address, '^(?:[0-9]+[+])?(.+)@users[.]noreply[.]github[.]com$', 1), '')),
        'person ' || e.person
    ]) as who
    from (select row_key, lower(unnest(authors)) as address from moved) a
    left join (select distinct lower(email) as address, person from accounts where email is not null) e using (address)
),
-- A pull request became the commit that the forge says, or its head is the second parent of a merge.
candidates as (
    select c.row_key, p.row_key as pull_key, case when p.head = c.head then 3 else 2 end as weight
    from moved c join pulls p on p.repository = c.repository and p.merge_commit = c.change
    union all
    select c.row_key, p.row_key, 1 from moved c join pulls p on p.repository = c.repository and p.head = c.head
),
matched as (
    select row_key, arg_max(pull_key, (weight, pull_key)) as pull_key from candidates group by row_key
),
-- A rebase leaves several commits on the branch, made at one moment, of which the forge names the last.
alone as (
    select * from moved where head is null and pull is null and row_key not in (select row_key from matched)
),
rebased as (
    select a.row_key, min_by(p.row_key, z.position) as pull_key, min_by(p.commits, z.position) as commits
    from alone a
    join moved z on z.repository = a.repository and z.position > a.position and z.head is null and z.pull is null
    join matched m on m.row_key = z.row_key
    join pulls p on p.row_key = m.pull_key
    where abs(epoch(a.reached_at) - epoch(z.reached_at)) <= $rebase_seconds
      and (p.commits is null or a.position > z.position - p.commits)
    group by a.row_key
),
linked as (
    select row_key, pull_key from matched
    union all
    select row_key, pull_key from rebased where commits is not null
),
known as (
    select repository, count(*) filter (
        merge_commit is null and (merged_at is not null or state is null or state = 'merged')
    ) as unmatched
    from pulls group by repository
),
requests as (
    select l.row_key, p.row_key as pull_key, p.reviews, p.merged_by, p.merged_at, lower(p.author) as author,
           coalesce(c.head, p.head) as head,
           p.merged_at + to_seconds($skew_seconds) as until
    from linked l join pulls p on p.row_key = l.pull_key join moved c on c.row_key = l.row_key
),
said as (
    select row_key, author, head, until, lower(review.reviewer) as reviewer, review.reviewer_bot as bot,
           review.head as seen, review.given_at,
           case when review.state = 'DISMISSED' and review.dismissed_at > until then 'APPROVED'
                else upper(review.state) end as state
    from (select row_key, author, head, until, unnest(reviews) as review from requests)
),
-- Of each reviewer the last word before the merge counts; a comment does not take an approval back.
words as (
    select row_key, reviewer, any_value(author) as author, any_value(head) as head, any_value(until) as until,
           bool_or(bot) as bot,
           max((given_at, state, seen)) filter (given_at <= until or until is null) as last,
           bool_or(state = 'APPROVED' and given_at > until) as later,
           bool_or(state = 'APPROVED' and given_at is null) as undated,
           bool_or(state is null) as unread
    from said where state is null or state in ('APPROVED', 'CHANGES_REQUESTED', 'DISMISSED')
    group by row_key, reviewer
),
weighed as (
    select w.row_key, case
        when coalesce(last[2], '') <> 'APPROVED' then case
            when unread then 71 when undated then 72 when later then 55
            when last[2] = 'DISMISSED' then 50 when last[2] = 'CHANGES_REQUESTED' then 30 else 0 end
        when w.reviewer = w.author or r.person = coalesce(s.person, w.author) then 40
        when j.who is not null or k.who is not null then 42
        when r.kind in ('service', 'bot') or w.reviewer like '%[bot]' or coalesce(w.bot and r.kind is null, false) then 45
        when w.until is null then 73
        when last[3] <> w.head then 60
        when w.reviewer is null then 74
        when w.author is null then 75
        when r.kind in ('shared', 'breakglass') then 76
        when w.bot is null and r.kind is null then 77
        when w.head is null then 78
        when last[3] is null then 79
        else 90 end as weight
    from words w
    left join people_of r on r.login = w.reviewer
    left join people_of s on s.login = w.author
    left join wrote j on j.row_key = w.row_key and j.who = w.reviewer
    left join wrote k on k.row_key = w.row_key and k.who = 'person ' || r.person
),
best as (select row_key, max(weight) as weight from weighed group by row_key),
judged as (
    select c.row_key, q.pull_key, q.author, q.merged_by, case
        when q.pull_key is null then case
            when k.repository is null then 'repository_unseen'
            when c.pull is not null and n.pull is null then 'pull_unknown'
            when c.pull is not null and n.merge_commit is not null then 'pull_disagrees'
            when c.pull is not null then 'pull_unproven'
            when k.unmatched > 0 then 'pull_unmatched'
            when z.row_key is not null then 'maybe_rebased'
            else 'direct_push' end
        when b.weight = 90 and q.merged_by is null then 'merger_unknown'
        when b.weight = 90 then 'reviewed'
        when q.reviews is null then 'reviews_unknown'
        when b.weight = 79 then 'review_head_unknown'
        when b.weight = 78 then 'head_unknown'
        when b.weight = 77 then 'reviewer_kind_unknown'
        when b.weight = 76 then 'shared_account'
        when b.weight = 75 then 'author_unknown'
        when b.weight = 74 then 'reviewer_unknown'
        when b.weight = 73 then 'merge_time_unknown'
        when b.weight = 72 then 'review_time_unknown'
        when b.weight = 71 then 'review_state_unknown'
        when b.weight = 60 then 'stale'
        when b.weight = 55 then 'after_merge'
        when b.weight = 50 then 'dismissed'
        when b.weight = 45 then 'bot_approved'
        when b.weight = 42 then 'joint_author'
        when b.weight = 40 then 'self_approved'
        when b.weight = 30 then 'changes_requested'
        else 'no_approval' end as cause,
        c.author as committed_by
    from moved c
    left join requests q on q.row_key = c.row_key
    left join best b on b.row_key = c.row_key
    left join known k on k.repository = c.repository
    left join pulls n on q.pull_key is null and n.repository = c.repository and n.pull = c.pull
    left join rebased z on z.row_key = c.row_key
)
select row_key as item, cause,
       case when pull_key is null then 'committed by ' || coalesce(committed_by, 'unknown')
            else 'pull request ' || pull_key || ' by ' || coalesce(author, 'unknown')
                 || ', merged by ' || coalesce(merged_by, 'unknown') end as detail
from judged
