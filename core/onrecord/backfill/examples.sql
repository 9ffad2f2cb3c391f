-- Which rows are shown? Those of different sorts before a second one of a sort, the most frequent sort first.
-- Reads: _compared (see compared.sql), base (the published database).
with sorted as (
    select
        *, row_number() over (partition by kind, changed, sort order by number) as nth_of_sort,
        count(*) over (partition by kind, changed, sort) as frequency,
        -- A row without a place of its own is shown at the place of the first row that it refers to.
        flatten([p for p in [old._places[1], new._places[1]] if p is not null]) as place
    from (select *, if(kind = 'changes', null, article_id) as sort from _compared where kind <> 'same')
),
shown as (
    select *, row_number() over (partition by kind order by nth_of_sort, frequency desc, number) as nth
    from sorted
    qualify nth <= $most
)
select
    e.nth, e.kind, e.article_id, e.old, e.new, e.changed, list_min(flatten(e.place)), list_max(flatten(e.place)),
    a.headline, coalesce(a.outlet, a.outlet_domain), s.uri, a.body
from shown e
join base.main.article a using (article_id)
join base.main.source_item s using (article_id)
order by e.kind, e.nth
