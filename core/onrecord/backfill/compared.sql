-- Which rows appear, vanish, change, or are the same after all?
-- Reads: _differing (see differing.sql), _pairs: which of its rows correspond.
create or replace temp view _compared as
with joined as (
    select
        coalesce(o.article_id, n.article_id) as article_id, coalesce(o._row, n._row) as number,
        if(o._row is not null, o, null) as old, if(n._row is not null, n, null) as new,
        if(o._row is null or n._row is null, [], [name for name in [{changes}] if name is not null]) as changed
    from (from _differing where not _new) o
    left join _pairs p on p.old = o._row
    full join (from _differing where _new) n on n._row = p.new
)
select
    case when old is null then 'appears' when new is null then 'vanishes' when changed = [] then 'same' else 'changes'
    end as kind,
    *
from joined
