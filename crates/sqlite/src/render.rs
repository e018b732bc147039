//! SQL for the changes that Segue authors. Names are always quoted; the user's expressions stand in it as he wrote them.
//!
//! Refuses what the model does not hold in full (bodies of triggers, conflict clauses, virtual tables) and what SQLite has
//! no statement for: such a statement runs as its author wrote it, or not at all.

mod table;

#[cfg(test)]
mod tests;

use segue_model::{
    Change, ColumnChange, Constraint, ConstraintChange, DataChange, Direction, Ident, IndexChange,
    IndexDefinition, IndexKey, IndexKeyPart, InsertColumns, InsertSource, MaintenanceChange,
    NullsOrder, Presence, Query, SessionChange, Sql, TableChange, Target, TransactionChange,
    Uniqueness, Unrenderable, VacuumMode, ViewChange,
};

/// One statement, or why Segue does not write it.
type Rendered = Result<Sql, Unrenderable>;

/// SQL for changes that make one statement together: in SQLite, always one change.
///
/// # Errors
/// [`Unrenderable`] for changes that Segue never authors, and for lists that no single statement can do.
pub(crate) fn render(changes: &[Change]) -> Rendered {
    match changes {
        [] => Err(refused("there is no change")),
        [change] => one(change),
        [_, ..] => Err(refused(
            "several changes, of which SQLite does one at a time",
        )),
    }
}

fn one(change: &Change) -> Rendered {
    match change {
        Change::Table(target, change) => table(target, change),
        Change::Column(target, change) => column(target, change),
        Change::Constraint(target, change) => constraint(target, change),
        Change::Index(change) => index(change),
        Change::View(target, change) => view(target, change),
        Change::Data(change) => data(change),
        Change::Maintenance(change) => maintenance(change),
        Change::Session(change) => session(change),
        Change::Transaction(change) => transaction(change),
        Change::Trigger(..) => Err(refused("a trigger, whose body is not modelled")),
        Change::Program(_) => Err(refused("a block of code")),
        Change::Other(_) => Err(refused("an object that is not modelled")),
        Change::Opaque(_) => Err(refused("a statement that could not be read")),
        Change::Namespace(..)
        | Change::Partition(..)
        | Change::Sequence(..)
        | Change::Type(..)
        | Change::Domain(..)
        | Change::Routine(..)
        | Change::Rule(..)
        | Change::Policy(..)
        | Change::Statistics(..)
        | Change::Publication(..)
        | Change::Extension(..)
        | Change::Privilege(..)
        | Change::Comment(..) => Err(refused("an object that SQLite does not have")),
    }
}

/// Why Segue does not author a change.
fn refused(what: &str) -> Unrenderable {
    Unrenderable(what.to_owned())
}

fn if_exists(sql: Sql, presence: Presence) -> Sql {
    match presence {
        Presence::Required => sql,
        Presence::Lenient => sql.text("IF EXISTS "),
    }
}

fn if_not_exists(sql: Sql, presence: Presence) -> Sql {
    match presence {
        Presence::Required => sql,
        Presence::Lenient => sql.text("IF NOT EXISTS "),
    }
}

fn alter(target: &Target) -> Sql {
    Sql::literal("ALTER TABLE ").name(&target.name)
}

/// Appends `("a", "b")`.
fn names(sql: Sql, names: &[Ident]) -> Sql {
    sql.text("(").list(names, ", ", Sql::ident).text(")")
}

fn table(target: &Target, change: &TableChange) -> Rendered {
    match change {
        TableChange::Create(definition) => table::create(target, definition),
        TableChange::Drop { .. } => {
            Ok(if_exists(Sql::literal("DROP TABLE "), target.presence).name(&target.name))
        }
        TableChange::Rename(to) => Ok(alter(target).text(" RENAME TO ").ident(to)),
        TableChange::SetNamespace(_)
        | TableChange::SetOwner(_)
        | TableChange::SetParameters(_)
        | TableChange::SetTablespace(_)
        | TableChange::SetPersistence(_)
        | TableChange::SetAccessMethod(_)
        | TableChange::SetCluster(_)
        | TableChange::SetReplicaIdentity(_)
        | TableChange::SetRowSecurity(_)
        | TableChange::SetTrigger { .. }
        | TableChange::SetRule { .. }
        | TableChange::Inherit(_)
        | TableChange::NoInherit(_)
        | TableChange::OfType(_) => Err(refused("a change of a table SQLite does not have")),
    }
}

fn column(target: &Target, change: &ColumnChange) -> Rendered {
    let alter = alter(target);
    match change {
        ColumnChange::Add {
            column,
            constraints,
            presence: Presence::Required,
        } => {
            let beside: Vec<&Constraint> = constraints.iter().collect();
            table::column(alter.text(" ADD COLUMN "), column, &beside)
        }
        ColumnChange::Drop {
            name,
            presence: Presence::Required,
            ..
        } => Ok(alter.text(" DROP COLUMN ").ident(name)),
        ColumnChange::Rename { from, to } => Ok(alter
            .text(" RENAME COLUMN ")
            .ident(from)
            .text(" TO ")
            .ident(to)),
        ColumnChange::SetNotNull(name) => Ok(alter
            .text(" ALTER COLUMN ")
            .ident(name)
            .text(" SET NOT NULL")),
        ColumnChange::DropNotNull(name) => Ok(alter
            .text(" ALTER COLUMN ")
            .ident(name)
            .text(" DROP NOT NULL")),
        ColumnChange::Add { .. }
        | ColumnChange::Drop { .. }
        | ColumnChange::SetType { .. }
        | ColumnChange::SetDefault { .. }
        | ColumnChange::DropDefault(_)
        | ColumnChange::AddIdentity { .. }
        | ColumnChange::SetIdentity { .. }
        | ColumnChange::DropIdentity { .. }
        | ColumnChange::SetExpression { .. }
        | ColumnChange::DropExpression { .. }
        | ColumnChange::SetStatistics(_)
        | ColumnChange::SetParameters { .. }
        | ColumnChange::SetStorage(_)
        | ColumnChange::SetAside(_)
        | ColumnChange::PutBack(_)
        | ColumnChange::SetCompression(_) => {
            Err(refused("a change of a column SQLite does not have"))
        }
    }
}

fn constraint(target: &Target, change: &ConstraintChange) -> Rendered {
    let alter = alter(target);
    match change {
        ConstraintChange::Add(constraint) => table::check(alter.text(" ADD "), constraint),
        ConstraintChange::Drop {
            name,
            presence: Presence::Required,
            ..
        } => Ok(alter.text(" DROP CONSTRAINT ").ident(name)),
        ConstraintChange::Drop { .. }
        | ConstraintChange::Validate(_)
        | ConstraintChange::Rename { .. }
        | ConstraintChange::SetDeferral { .. }
        | ConstraintChange::SetEnforcement { .. } => {
            Err(refused("a change of a constraint SQLite does not have"))
        }
    }
}

fn index(change: &IndexChange) -> Rendered {
    match change {
        IndexChange::Create {
            index, presence, ..
        } => create_index(index, *presence),
        IndexChange::Drop { name, presence, .. } => {
            Ok(if_exists(Sql::literal("DROP INDEX "), *presence).name(name))
        }
        IndexChange::Rebuild { name, .. } => Ok(Sql::literal("REINDEX ").name(name)),
        IndexChange::Rename { .. }
        | IndexChange::SetParameters { .. }
        | IndexChange::SetStatistics(_)
        | IndexChange::SetTablespace { .. }
        | IndexChange::DependsOnExtension(_)
        | IndexChange::AttachPartition { .. } => {
            Err(refused("a change of an index SQLite does not have"))
        }
    }
}

fn create_index(index: &IndexDefinition, presence: Presence) -> Rendered {
    if !(index.include.is_empty() && index.parameters.is_empty() && index.tablespace.is_none()) {
        return Err(refused("parts of an index SQLite does not have"));
    }
    let sql = match index.uniqueness {
        Uniqueness::NotUnique => Sql::literal("CREATE INDEX "),
        Uniqueness::Unique => Sql::literal("CREATE UNIQUE INDEX "),
        Uniqueness::UniqueNullsEqual => return Err(refused("NULLS NOT DISTINCT")),
    };
    let sql = if_not_exists(sql, presence)
        .name(&index.table.sibling(index.name.ident().clone()))
        .text(" ON ")
        .ident(&index.table.name)
        .text(" (")
        .list(&index.keys, ", ", key)
        .text(")");
    Ok(match &index.predicate {
        Some(predicate) => sql.text(" WHERE ").verbatim(&predicate.text),
        None => sql,
    })
}

fn key(sql: Sql, key: &IndexKey) -> Sql {
    let mut sql = match &key.part {
        IndexKeyPart::Column(name) => sql.ident(name),
        IndexKeyPart::Expression(expression) => sql.verbatim(&expression.text),
    };
    if let Some(collation) = &key.collation {
        sql = sql.text(" COLLATE ").ident(&collation.name);
    }
    sql = match key.direction {
        Direction::Ascending => sql,
        Direction::Descending => sql.text(" DESC"),
    };
    match key.nulls {
        NullsOrder::Default => sql,
        NullsOrder::First => sql.text(" NULLS FIRST"),
        NullsOrder::Last => sql.text(" NULLS LAST"),
    }
}

fn view(target: &Target, change: &ViewChange) -> Rendered {
    match change {
        ViewChange::Create(definition) => {
            let sql = if_not_exists(Sql::literal("CREATE VIEW "), target.presence);
            let sql = sql.name(&target.name).text(" ");
            let sql = if definition.columns.is_empty() {
                sql
            } else {
                names(sql, &definition.columns).text(" ")
            };
            Ok(sql.text("AS ").verbatim(&definition.query.text))
        }
        ViewChange::Drop { .. } => {
            Ok(if_exists(Sql::literal("DROP VIEW "), target.presence).name(&target.name))
        }
        ViewChange::Replace(_)
        | ViewChange::Rename { .. }
        | ViewChange::RenameColumn { .. }
        | ViewChange::SetNamespace(_)
        | ViewChange::SetOwner(_)
        | ViewChange::SetColumnDefault(_)
        | ViewChange::SetParameters(_) => Err(refused("a change of a view SQLite does not have")),
    }
}

/// Only copies of a whole query, which is what a rebuild needs.
fn data(change: &DataChange) -> Rendered {
    match change {
        DataChange::Insert {
            table,
            columns: InsertColumns::Named(columns),
            source: InsertSource::Query(Query { text, .. }),
            ..
        } => {
            let sql = Sql::literal("INSERT INTO ").name(table).text(" ");
            Ok(names(sql, columns).text(" ").verbatim(text))
        }
        DataChange::Select(query) => Ok(Sql::default().verbatim(&query.text)),
        DataChange::Insert { .. }
        | DataChange::Update { .. }
        | DataChange::Delete { .. }
        | DataChange::Merge { .. }
        | DataChange::Truncate { .. }
        | DataChange::CopyIn { .. }
        | DataChange::CopyOut { .. }
        | DataChange::SetSequenceValue(_) => {
            Err(refused("rows, which the user's statement writes"))
        }
    }
}

fn maintenance(change: &MaintenanceChange) -> Rendered {
    match change {
        MaintenanceChange::Vacuum {
            tables,
            mode: VacuumMode::Full,
        } if tables.is_empty() => Ok(Sql::literal("VACUUM")),
        MaintenanceChange::Analyze { tables } => match tables.as_slice() {
            [] => Ok(Sql::literal("ANALYZE")),
            [table] => Ok(Sql::literal("ANALYZE ").name(table)),
            [_, ..] => Err(refused("several tables in one ANALYZE")),
        },
        MaintenanceChange::Vacuum { .. }
        | MaintenanceChange::Cluster { .. }
        | MaintenanceChange::Reindex { .. }
        | MaintenanceChange::Refresh { .. } => Err(refused("this maintenance")),
    }
}

/// A pragma whose value is a word or a number.
fn session(change: &SessionChange) -> Rendered {
    match change {
        SessionChange::Set {
            name,
            value: Some(value),
            ..
        } if is_plain(name.as_str()) && is_plain(value) => Ok(Sql::literal("PRAGMA ")
            .verbatim(name.as_str())
            .text(" = ")
            .verbatim(value)),
        SessionChange::Set { .. }
        | SessionChange::Reset(_)
        | SessionChange::Lock(_)
        | SessionChange::SetConstraints { .. }
        | SessionChange::Nothing { .. } => Err(refused("this setting")),
    }
}

fn is_plain(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn transaction(change: &TransactionChange) -> Rendered {
    Ok(match change {
        // The lock is taken at once: a transaction that starts reading may fail when it comes to write.
        TransactionChange::Begin => Sql::literal("BEGIN IMMEDIATE"),
        TransactionChange::Commit => Sql::literal("COMMIT"),
        TransactionChange::Rollback => Sql::literal("ROLLBACK"),
        TransactionChange::Savepoint(name) => Sql::literal("SAVEPOINT ").ident(name),
        TransactionChange::Release(name) => Sql::literal("RELEASE ").ident(name),
        TransactionChange::RollbackTo(name) => Sql::literal("ROLLBACK TO ").ident(name),
        TransactionChange::Other => return Err(refused("this transaction control")),
    })
}
