-- One row per claim: who said what, where, when. What analysts meet first.
create or replace view statement as
with speaker as (
    select
        ce.claim_id,
        min_by(e.entity_id, e.name) as speaker_entity_id,
        string_agg(e.name, ' and ' order by e.name) as speaker_name,
        min_by(e.kind, e.name) as speaker_kind
    from claim_entity ce
    join entity e using (entity_id)
    where ce.role = 'speaker'
    group by ce.claim_id
),
-- What the words of a claim are part of: the running text (body), a side box, …
part as (
    select cs.claim_id, min_by(s.kind, cs.start_char) as part
    from claim_span cs
    join segment s
        on s.article_id = cs.article_id and cs.start_char >= s.body_start and cs.start_char < s.body_end
    where cs.role = 'content'
    group by cs.claim_id
)
select
    c.claim_id,
    s.speaker_entity_id,
    s.speaker_name,
    s.speaker_kind,
    c.speaker,
    c.speaker_status,
    c.cue,
    c.cue_lemma,
    c.cue_class,
    c.negated,
    c.content,
    c.quote_type,
    c.confidence,
    p.part,
    coalesce(a.outlet, a.outlet_domain, a.credit) as outlet,
    a.headline,
    a.published_at,
    a.article_id,
    c.ordinal,
    l.uri,
    l.deleted_at
from claim c
join article a using (article_id)
join source_item l using (article_id)
left join speaker s using (claim_id)
left join part p using (claim_id);

comment on view statement is 'One row per claim: who said what, where and when, with the speaker resolved.';

-- What did a source say? Finds the entity by name or alias, or the source as written; a part of the name suffices.
create or replace macro said_by(who) as table
select *
from statement
where claim_id in (
        select ce.claim_id
        from claim_entity ce
        join entity e using (entity_id)
        left join alias n using (entity_id)
        where ce.role = 'speaker' and (contains(lower(e.name), lower(who)) or contains(lower(n.alias), lower(who)))
    )
    or (speaker_name is null and contains(lower(speaker), lower(who)))
order by published_at, article_id, ordinal;

-- What was said about an entity? Finds it by a name in the words of the claim, or an alias.
create or replace macro about(what) as table
select *
from statement
where claim_id in (
        select cs.claim_id
        from claim_span cs
        join mention m
            on m.article_id = cs.article_id and m.start_char >= cs.start_char and m.end_char <= cs.end_char
        join mention_entity me on me.article_id = m.article_id and me.ordinal = m.ordinal
        join entity e using (entity_id)
        left join alias n using (entity_id)
        where cs.role = 'content'
            and (contains(lower(e.name), lower(what)) or contains(lower(n.alias), lower(what)))
    )
    or contains(lower(content), lower(what))
order by published_at, article_id, ordinal;

-- How did a story unfold? What an entity said and what was said about it, by day.
create or replace macro timeline(who) as table
select published_at::date as day, outlet, speaker_name, speaker, cue, content, headline, claim_id
from (select * from said_by(who) union select * from about(who))
order by day, article_id, ordinal;

-- Where is a claim in its article? Its words, with the text around them.
create or replace macro in_context(claim, around := 120) as table
select
    s.role,
    substr(a.body, greatest(s.start_char + 1 - around, 1), least(around, s.start_char)) as before,
    s.text,
    substr(a.body, s.end_char + 1, around) as after,
    a.article_id,
    s.start_char,
    s.end_char
from claim_span s
join article a using (article_id)
where s.claim_id = claim::uuid
order by s.start_char;
