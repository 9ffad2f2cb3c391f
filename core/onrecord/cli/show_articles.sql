-- Which articles are there, and what was found in each?
select
    coalesce(a.headline, '“' || substr(a.body, 1, 60) || '…”') as article,
    coalesce(a.outlet, a.outlet_domain, a.credit) as outlet,
    a.published_at::date as published,
    a.word_count as words,
    (select count(*) from claim c where c.article_id = a.article_id) as claims,
    (select count(*) from segment s where s.article_id = a.article_id and not s.kept) as set_aside,
    l.deleted_at is not null as deleted
from article a
join source_item l using (article_id)
order by l.uri
limit 12
