-- Who is spoken of most, under which names, and who speaks?
select
    e.name,
    e.mention_count as mentions,
    e.article_count as articles,
    (select count(*) from claim_entity ce where ce.entity_id = e.entity_id and ce.role = 'speaker') as claims,
    (
        select string_agg(n.alias, ', ' order by n.mention_count desc, n.alias)
        from alias n
        where n.entity_id = e.entity_id and n.alias <> e.name
    ) as also
from entity e
where e.kind = 'person'
order by mentions desc, e.name
limit 12
