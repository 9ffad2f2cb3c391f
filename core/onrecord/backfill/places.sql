-- Places: lists of stretches [start, end] of the body.

-- The stretches that spans cover together, in order and without overlap.
create or replace temp macro _merge(spans) as list_reduce(
    [[span] for span in list_sort(spans)],
    lambda place, next: if(
        next[1][1] <= place[-1][2],
        list_append(place[:-2], [place[-1][1], greatest(place[-1][2], next[1][2])]),
        place || next
    )
);

create or replace temp macro _length(place) as list_sum([stretch[2] - stretch[1] for stretch in place]);

-- How many characters are in both?
create or replace temp macro _shared(place, other) as list_sum(flatten(
    [[greatest(0, least(a[2], b[2]) - greatest(a[1], b[1])) for a in place] for b in other]
));
