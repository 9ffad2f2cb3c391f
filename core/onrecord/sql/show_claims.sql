-- Some claims, a few from each article: the surest first.
select speaker, cue, content, quote_type, outlet
from (
    select
        coalesce(s.speaker_name, s.speaker, '(nobody)') as speaker,
        s.cue,
        s.content,
        s.quote_type,
        coalesce(s.outlet, s.headline, '–') as outlet,
        s.uri,
        s.ordinal,
        row_number() over (
            partition by s.article_id
            order by (s.speaker_name is not null) desc, s.confidence desc, s.ordinal
        ) as nth
    from statement s
)
where nth <= greatest(3, 12 // greatest(1, (select count(distinct article_id) from claim)))
order by uri, ordinal
limit 12
