-- In what state is all that an aggregator may read: each component's rows, the source items, the articles?
select component as part, md5(concat_ws(' ', count(*), sum(hash(subject_id, input_hash, fingerprint)))) as digest
from ledger
group by component
union all
select '', md5(concat_ws(' ', count(*), sum(hash(article_id, document_id, deleted_at is null)))) from source_item
union all
select ' ', md5(concat_ws(' ', count(*), sum(hash(article_id, content_hash)))) from article
