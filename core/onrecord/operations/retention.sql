-- Which rows are old enough to delete? Temporary tables with their keys, by which `retention.py` deletes.
-- Variables: the moment before which each kind of data is old; null to keep it for ever.

-- Articles deleted at their source.
create or replace temp table _old_article as
select article_id from source_item where deleted_at < getvariable('deleted')::timestamptz;

-- Versions of documents to which neither a source item nor an article refers. Their age counts from their replacement:
-- when the next version was fetched, or, if the source went back to an earlier one, when that was listed again.
create or replace temp table _old_document as
with version as (
    select
        document_id,
        article_id,
        fetched_at,
        lead(fetched_at) over (partition by article_id order by fetched_at) as replaced_at
    from document
)
select v.document_id
from version v
left join source_item l using (article_id)
left join run r on r.run_id = l.run_id
where coalesce(v.replaced_at, r.started_at, v.fetched_at) < getvariable('versions')::timestamptz
    and v.document_id not in (select document_id from source_item)
    and v.document_id not in (select document_id from article)
union
select document_id from document semi join _old_article using (article_id);

-- Failures on documents that never became articles and are no longer listed.
create or replace temp table _old_failure as
select q.component, q.subject_id
from quarantine q
where q.failed_at < getvariable('quarantine')::timestamptz
    and q.subject_id not in (select article_id from source_item)
    and q.subject_id not in (select article_id from article);

-- Runs, except the last one, the last completed one, and those that are not published yet.
create or replace temp table _old_run as
select run_id
from run
where started_at < getvariable('runs')::timestamptz
    and started_at < (select max(started_at) from run)
    and started_at < (select coalesce(max(started_at) filter (status = 'completed'), now()) from run)
    and not (changed and run_id in (select run_id from _unpublished));
