-- In how many tables, columns, comments, views and macros do the live and the published database differ?
with defined as (
    select database_name, table_name as name, concat_ws(' ', column_name, data_type, comment) as definition
    from duckdb_columns()
    where not internal
    union all
    select database_name, table_name, comment
    from duckdb_tables()
    where not internal
    union all
    select database_name, view_name, concat_ws(' ', sql, comment)
    from duckdb_views()
    where not internal
    union all
    select database_name, function_name, concat_ws(' ', parameters::varchar, macro_definition)
    from duckdb_functions()
    where not internal
)
select count(*)
from (
    (
        select name, definition from defined where database_name = 'opened'
        except
        select name, definition from defined where database_name = 'published'
    )
    union all
    (
        select name, definition from defined where database_name = 'published'
        except
        select name, definition from defined where database_name = 'opened'
    )
)
