-- What is there to clean? The current version of every document that was listed.
select
    l.article_id as subject_id,
    null::varchar as component,
    d.content_hash as input_hash,
    l.uri,
    null::varchar as language,
    d.rowid as row_position,
    octet_length(d.content) as bytes
from source_item l
join document d using (document_id)
