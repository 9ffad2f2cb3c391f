-- How does a warehouse look with a staged version laid over it?
-- Reads: opened (the staged version), base (the database below), memory.main._selected(article_id),
-- memory.main._wanted(component, language, fingerprint, needs): the component versions.

-- The selected articles, which annotators read.
create or replace temp view article as
select a.rowid as rowid, a.*
from base.main.article a
semi join memory.main._selected using (article_id);

-- All articles of the kinds that are annotated.
create or replace temp view _current_article as
from base.main.article
where kind in ({annotated});

create or replace temp view source_item as from base.main.source_item;

-- Which articles, as they are now, are done by the component versions of now?
create or replace temp view _staged_done as
select l.*
from opened.main.ledger l
join _current_article a on a.article_id = l.subject_id and a.content_hash = l.input_hash
semi join memory.main._wanted w
    on w.component = l.component and w.fingerprint = l.fingerprint and (w.language is null or w.language = a.language);

-- Which rows are of articles as they are now, but were made by component versions of before?
create or replace temp view _staged_outdated as
select l.component, count(*) as articles, any_value(p.version) as version
from opened.main.ledger l
join _current_article a on a.article_id = l.subject_id and a.content_hash = l.input_hash
left join opened.main.component_version p using (component, fingerprint)
anti join _staged_done d on d.component = l.component and d.subject_id = l.subject_id
group by l.component;

-- On which did these fail?
create or replace temp view _staged_failed as
select q.*
from opened.main.quarantine q
join _current_article a on a.article_id = q.subject_id and a.content_hash = q.input_hash
semi join memory.main._wanted w
    on w.component = q.component and w.fingerprint = q.fingerprint and (w.language is null or w.language = a.language);

create or replace temp view ledger as
select * from _staged_done
union all by name
select * from base.main.ledger anti join _staged_done using (component, subject_id);

create or replace temp view quarantine as
select * from _staged_failed
union all by name
select *
from base.main.quarantine
anti join _staged_failed using (component, subject_id)
anti join _staged_done using (component, subject_id);

create or replace temp view component_version as
select * from opened.main.component_version
union all by name
select * from base.main.component_version anti join opened.main.component_version using (component, fingerprint);

-- What would a promotion do to each subject? What is up to date in the base stays as it is.
create or replace temp view _staged_outcome as
with attempted as (
    select component, subject_id, 'done' as outcome from _staged_done
    union all
    select component, subject_id, 'failed' from _staged_failed
),
-- A component that requires a failed one has no rows either.
blocked as (
    select distinct w.component, f.subject_id, 'blocked' as outcome
    from _staged_failed f
    join base.main.article a on a.article_id = f.subject_id
    join memory.main._wanted w
        on list_contains(w.needs, f.component) and (w.language is null or w.language = a.language)
    anti join attempted t on t.component = w.component and t.subject_id = f.subject_id
)
select t.*
from (from attempted union all from blocked) t
join base.main.article a on a.article_id = t.subject_id
anti join (
    select l.component, l.subject_id, l.input_hash
    from base.main.ledger l
    semi join memory.main._wanted w on w.component = l.component and w.fingerprint = l.fingerprint
) current
    on current.component = t.component and current.subject_id = t.subject_id and current.input_hash = a.content_hash;

-- Which versions made the published rows?
create or replace temp view _published_version as
select l.component, l.subject_id, p.version
from base.main.ledger l
join base.main.component_version p using (component, fingerprint);
