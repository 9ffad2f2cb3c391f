-- Some claims, as many from one article as from another, of many speakers: the surest of each first.
with by_speaker as (
    select
        *,
        row_number() over (partition by article_id, speaker_name order by confidence desc, ordinal) as of_speaker
    from statement
),
ranked as (
    select
        *,
        row_number() over (
            partition by article_id
            order by (speaker_name is null), of_speaker, confidence desc, ordinal
        ) as nth
    from by_speaker
),
some_claims as (
    select * from ranked order by nth, uri limit 12
)
select coalesce(speaker_name, speaker, '(nobody)') as speaker, cue, content, quote_type
from some_claims
order by uri, ordinal
