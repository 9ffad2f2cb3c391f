-- What do the annotators need of these subjects? The articles.
select a.article_id as subject_id, a.content_hash as input_hash, l.uri, a.* exclude (run_id)
from article a
join source_item l using (article_id)
where a.article_id in (select subject_id from _selected)
    and a.rowid between $first and $last
order by a.rowid
