-- Which subjects has each component done, which has it still to do, and why?
-- Reads: subject(subject_id, component, input_hash, uri, language, place, bytes), target(…), ledger, quarantine, component.
with pair as (
    select s.*, n.component as by, n.position
    from subject s
    join (select component, min(position) as position from target group by component) n
        on s.component is null or s.component = n.component
),
judged as (
    select
        pair.subject_id,
        pair.uri,
        pair.language,
        pair.place,
        pair.bytes,
        pair.position,
        pair.by as component,
        t.needs,
        t.family,
        case
            when t.fingerprint is null then 'no pipeline'
            when q.subject_id is not null and (q.transient or q.released) then 'retry'
            when q.subject_id is not null then 'quarantined'
            when l.subject_id is null then 'new'
            when l.input_hash <> pair.input_hash then 'content'
            when l.fingerprint = t.fingerprint then 'current'
            when p.version is distinct from t.version then 'version'
            when p.configuration is distinct from t.configuration then 'configuration'
            when p.pipeline is distinct from t.pipeline then 'pipeline'
            else 'requirement'
        end as state
    from pair
    left join target t
        on t.component = pair.by and (t.language is null or t.language = pair.language)
    left join ledger l
        on l.component = pair.by and l.subject_id = pair.subject_id
    left join component_version p
        on p.component = l.component and p.fingerprint = l.fingerprint
    left join quarantine q
        on q.component = pair.by and q.subject_id = pair.subject_id
        and q.input_hash = pair.input_hash and q.fingerprint = t.fingerprint
),
-- What a component requires and cannot have: it waits until that is mended.
lacking as (
    select distinct waiting.subject_id, waiting.component
    from judged waiting
    join judged required
        on required.subject_id = waiting.subject_id
        and list_contains(waiting.needs, required.component)
        and required.state = 'quarantined'
    where waiting.state not in ('current', 'quarantined', 'no pipeline')
),
decided as (
    select judged.* replace (if(lacking.subject_id is null, judged.state, 'blocked') as state)
    from judged
    left join lacking using (subject_id, component)
),
-- Where what is merely stale is left: on which subjects has one of the family other work? There nothing is left.
pressing as (
    select distinct subject_id, family
    from decided
    where family is not null and state in ('new', 'retry', 'content')
)
select decided.* replace (
    if(
        decided.family is not null
            and decided.state in ('version', 'configuration', 'pipeline', 'requirement')
            and pressing.subject_id is null,
        'left',
        decided.state
    ) as state
)
from decided
left join pressing using (subject_id, family)
