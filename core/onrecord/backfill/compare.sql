-- Which rows of a table are on one side only?
-- Two rows are the same if they are equal in {same}: the columns that are compared, the key without numbers, the places.
-- Reads: _before_rows, _after_rows: the table's published and staged rows, with their places.
with earlier as (
    select *, row_number() over (partition by {same} order by {key}) as "nth row" from _before_rows
),
later as (
    select *, row_number() over (partition by {same} order by {key}) as "nth row" from _after_rows
)
select false as "is new", e.* exclude ("nth row")
from earlier e
anti join later l on e."nth row" = l."nth row" and {equal}
union all by name
select true as "is new", l.* exclude ("nth row")
from later l
anti join earlier e on e."nth row" = l."nth row" and {equal}
order by article_id, "is new", {key}
