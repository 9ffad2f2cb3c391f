-- What one plugin registers is a component; what a source lists is a source item, which is deleted at its source.
-- Views and macros name the old tables; they are defined afresh by every run.
drop view if exists statement;
drop macro table if exists said_by;
drop macro table if exists about;
drop macro table if exists timeline;
drop macro table if exists in_context;

-- A plugin could have tables of these names, which belong to the engine now; its rows are kept under another one.
alter table if exists component_version rename to former_component_version;
alter table if exists source_item rename to former_source_item;

alter table plugin rename to component_version;
alter table component_version rename plugin to component;
alter table ledger rename plugin to component;
alter table quarantine rename plugin to component;
alter table step rename plugin to component;

alter table listing rename to source_item;
alter table source_item rename withdrawn_at to deleted_at;

-- The built-in components make the same rows from sources that were rewritten: that is nothing to warn of.
update component_version set source_hash = '' where starts_with(distribution, 'onrecord ');
