-- What is old enough to go? In temporary tables, which `onrecord.operations.retention` then deletes by.
-- Parameters: the moments before which things are old; null where nothing ever is.

-- Articles deleted at their source, with all that is known of them.
create or replace temp table _old_article as
select article_id from source_item where deleted_at < getvariable('deleted')::timestamptz;

-- Versions of documents that neither a listing nor an article refers to. One is as old as its place was taken: when
-- the next version was fetched, or, where the source has gone back to an earlier one, when that was listed again.
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

-- Failures on what never became an article and is no longer listed.
create or replace temp table _old_failure as
select q.component, q.subject_id
from quarantine q
where q.failed_at < getvariable('quarantine')::timestamptz
    and q.subject_id not in (select article_id from source_item)
    and q.subject_id not in (select article_id from article);

-- Runs, less the last one, the last one that completed, and those that readers have yet to hear of.
create or replace temp table _old_run as
select run_id
from run
where started_at < getvariable('runs')::timestamptz
    and started_at < (select max(started_at) from run)
    and started_at < (select coalesce(max(started_at) filter (status = 'completed'), now()) from run)
    and not (changed and run_id in (select run_id::uuid from _unpublished));
