-- What is there to annotate? Every article, and what there is of those that only subscribers can read.
select
    a.article_id as subject_id,
    null::varchar as component,
    a.content_hash as input_hash,
    l.uri,
    a.language,
    a.rowid as row_position,
    strlen(a.body) as bytes
from article a
join source_item l using (article_id)
where a.kind in ({annotated})
