-- Which rows of a table are there on one side only, by all that they say? Their numbers and ids say nothing.
-- Reads: before_rows, after_rows: the table's rows on either side, with the columns of the key and those that say.
with earlier as (
    select *, row_number() over (partition by article_id, {says} order by {key}) as nth from before_rows
),
later as (
    select *, row_number() over (partition by article_id, {says} order by {key}) as nth from after_rows
)
select false as is_new, e.* exclude (nth)
from earlier e
anti join later l on e.article_id = l.article_id and e.nth = l.nth and {alike}
union all by name
select true as is_new, l.* exclude (nth)
from later l
anti join earlier e on e.article_id = l.article_id and e.nth = l.nth and {alike}
order by article_id, is_new, {key}
