-- says:      What git itself shows of a second person at each change, without any record of reviews.
-- supports:  CHG-02
-- reads:     changes
-- drives:    changes by reached_at
-- pass second_person: Another person than its authors put it on the branch.
-- fail alone: Its author put it on the branch; git shows no second person.
-- fail alone_bot: A program put its own change on the branch; git shows no person.
-- undetermined by_forge: The forge put it on the branch; only the record of reviews tells who approved it.
-- undetermined pull_named: The message names a pull request; only the record of reviews tells who approved it.
-- undetermined reviewer_named: The message names a reviewer; anybody can write that.
-- undetermined bot_merged: A program put it on the branch; only the record of reviews tells who approved it.
-- undetermined same_name: Author and committer differ in address but not in name; they may be one person.
-- undetermined people_unknown: Git does not tell who wrote it or who put it on the branch.
with moved as (
    select *, case when kind = 'merge' then author else committer end as actor,
           case when kind = 'merge' then author_name else committer_name end as actor_name
    from changes where reached_at is null or (reached_at >= $start_at and reached_at < $end_before)
)
select row_key as item, case
    when by_forge and (kind <> 'merge' or actor is null or authors is null or list_contains(authors, actor)
                       or author_bot) then 'by_forge'
    when actor is null or authors is null or by_forge is null or kind is null then 'people_unknown'
    when not list_contains(authors, actor) and actor like '%[bot]%' then 'bot_merged'
    when not list_contains(authors, actor) and list_contains(author_names, actor_name) then 'same_name'
    when not list_contains(authors, actor) then 'second_person'
    when pull is not null then 'pull_named'
    when len(reviewed_by) > 0 then 'reviewer_named'
    when author_bot then 'alone_bot'
    else 'alone' end as cause,
    'by ' || coalesce(author_name, 'unknown') || ': ' || coalesce(subject, '') as detail
from moved
