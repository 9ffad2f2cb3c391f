-- Which subjects has each component done, which has it still to do, and why?
-- Reads: _subject (columns: ITEM_SCHEMA), _version (see ledger.py), ledger, quarantine, component_version.
with pair as (
    select s.*, n.component as by, n.position
    from _subject s
    join (select component, min(position) as position from _version group by component) n
        on s.component is null or s.component = n.component
),
judged as (
    select
        pair.subject_id,
        pair.uri,
        pair.language,
        pair.row_position,
        pair.bytes,
        pair.input_hash,
        pair.position,
        pair.by as component,
        v.upstream,
        v.connected,
        v.fingerprint,
        l.fingerprint as done_fingerprint,
        case
            when v.fingerprint is null then 'no pipeline'
            when q.subject_id is not null and (q.transient or q.released) then 'retry'
            when q.subject_id is not null then 'quarantined'
            when l.subject_id is null then 'new'
            when l.input_hash <> pair.input_hash then 'content'
            when l.fingerprint = v.fingerprint then 'current'
            when p.version is distinct from v.version then 'version'
            when p.configuration is distinct from v.configuration then 'configuration'
            when p.pipeline is distinct from v.pipeline then 'pipeline'
            else 'requirement'
        end as state
    from pair
    left join _version v
        on v.component = pair.by and (v.language is null or v.language = pair.language)
    left join ledger l
        on l.component = pair.by and l.subject_id = pair.subject_id
    left join component_version p
        on p.component = l.component and p.fingerprint = l.fingerprint
    left join quarantine q
        on q.component = pair.by and q.subject_id = pair.subject_id
        and q.input_hash = pair.input_hash and q.fingerprint = v.fingerprint
),
-- Which components wait for another one that failed on the subject?
lacking as (
    select distinct waiting.subject_id, waiting.component
    from judged waiting
    join judged required
        on required.subject_id = waiting.subject_id
        and list_contains(waiting.upstream, required.component)
        and required.state = 'quarantined'
    where waiting.state not in ('current', 'quarantined', 'no pipeline')
),
decided as (
    select judged.* replace (if(lacking.subject_id is null, judged.state, 'blocked') as state)
    from judged
    left join lacking using (subject_id, component)
),
-- On which subjects has one of the connected components other work? There nothing that is stale is deferred.
pressing as (
    select distinct subject_id, connected
    from decided
    where connected is not null and state in ('new', 'retry', 'content')
)
select decided.* replace (
    if(
        decided.connected is not null
            and decided.state in ('version', 'configuration', 'pipeline', 'requirement')
            and pressing.subject_id is null,
        'deferred',
        decided.state
    ) as state
)
from decided
left join pressing using (subject_id, connected)
