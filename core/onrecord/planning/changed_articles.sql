-- Which articles differ between the live and the published database, in what these components read or wrote?
create or replace temp table _changed_article as
with entry as (
    select subject_id as article_id, component, input_hash, fingerprint
    from opened.ledger
    where list_contains($components, component)
),
published_entry as (
    select subject_id as article_id, component, input_hash, fingerprint
    from published.ledger
    where list_contains($components, component)
),
source as (select article_id, document_id, deleted_at from opened.source_item),
published_source as (select article_id, document_id, deleted_at from published.source_item),
content as (select article_id, content_hash from opened.article),
published_content as (select article_id, content_hash from published.article)
select distinct article_id
from (
    select article_id from (from entry except from published_entry)
    union all select article_id from (from published_entry except from entry)
    union all select article_id from (from source except from published_source)
    union all select article_id from (from published_source except from source)
    union all select article_id from (from content except from published_content)
    union all select article_id from (from published_content except from content)
)
