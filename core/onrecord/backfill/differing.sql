-- Which rows of a table are on one side only?
-- Two rows are the same if they are equal in what they say, the key without numbers, and the places.
create or replace temp table _differing as
with placed as (
    select false as _new, * from ({published})
    union all by name
    select true as _new, * from ({staged})
),
compared as (
    select
        *, list_min(flatten(flatten(_places))) as _start, list_max(flatten(flatten(_places))) as _end,
        {by_key} as _by_key, {key} as _key, {name} as _name, {words} as _words, {says} as _says
    from placed
)
select *, row_number() over (order by article_id, _key, _new) as _row
from compared
window same as (partition by _name, _says, _places)
qualify row_number() over (partition by _new, _name, _says, _places order by _key)
    > least(count(*) filter (_new) over same, count(*) filter (not _new) over same)
