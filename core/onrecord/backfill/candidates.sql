-- Which published and staged rows may be the same row? The most alike come first.
-- Reads: _differing (see differing.sql); the macros of places.sql.
with old as (from _differing where not _new),
new as (from _differing where _new),
equal_keys as (
    select o._row as old, n._row as new
    from old o
    join new n on n._key = o._key
    where o._by_key or (o._start is null and n._start is null)
),
-- Rows whose places may overlap, with each place of the one beside that of the other.
near as (
    select
        o._row as old, n._row as new, (o._name <> n._name, o._says <> n._says, o._key <> n._key) as differs,
        unnest(o._places) as place, unnest(n._places) as other
    from old o
    join new n on n._words = o._words and n._start < o._end and o._start < n._end
),
measured as (
    select
        old, new, differs, coalesce(_shared(place, other), 0) as shared,
        coalesce(_length(place), 0) as length, coalesce(_length(other), 0) as other_length
    from near
    where place is not null or other is not null
),
-- Two places are the same if they share at least half of the shorter one.
equal_places as (
    select old, new, sum(shared) / sum(length + other_length - shared) as similarity, differs
    from measured
    group by old, new, differs
    having bool_and(shared > 0 and shared >= 0.5 * least(length, other_length))
)
select old, new
from (select *, 2 as similarity, null as differs from equal_keys union all by name from equal_places)
order by similarity desc, differs, old, new
