-- What do the cleaners need of these subjects? The current version of their documents.
select l.article_id as subject_id, d.content_hash as input_hash, d.* exclude (run_id)
from source_item l
join document d using (document_id)
where l.article_id in (select subject_id from _selected)
    and d.rowid between $first and $last
order by d.rowid
