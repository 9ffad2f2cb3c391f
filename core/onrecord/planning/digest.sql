-- In what state is all that an aggregator reads: what it requires, and which articles there are?
select md5(concat_ws(
    ' ',
    (
        select concat_ws(' ', count(*), sum(hash(concat_ws(' ', l.component, l.subject_id, l.input_hash, l.fingerprint))))
        from ledger l
        where l.stage = 'clean' or list_contains($upstream, l.component)
    ),
    (
        select concat_ws(' ', count(*), sum(hash(concat_ws(' ', l.article_id, l.document_id, l.deleted_at is null))))
        from source_item l
    ),
    (select concat_ws(' ', count(*), sum(hash(concat_ws(' ', a.article_id, a.content_hash)))) from article a)
))
