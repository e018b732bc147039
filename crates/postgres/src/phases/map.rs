//! Columns split, merged or computed anew, by mappings that a person declares: the new columns beside the old ones, kept in step
//! by a trigger in both directions ▸ filled in batches ▸ gate ▸ NOT NULL and what was written beside the new columns ▸ the old
//! columns go, their values into the archive.
//!
//! A row is in step when the new side is made of the old one, or the old side of the new one: it was written from one side,
//! and no mapping has to come back unchanged. What is required of the new side is required behind the gate: a write of the old
//! version that a mapping cannot follow must not fail. Source: online engines, ideas 5 and 20.

use segue_model::{
    Backfill, BackfillKind, BackfillProof, Change, Column, ColumnChange, ColumnMapping, Constraint,
    ConstraintKind, Context, DataType, Expression, Fill, Ident, MapDirective, Mapping, MappingSet,
    Nullability, Plan, Presence, Probe, Reaction, Retired, Sql, StepTransaction, SyncColumn,
    SyncTrigger, Table, Target, Unmappable, Volatility,
};

use super::draft::Draft;
use super::{
    add_column, archive, author, expression, is_used, rename_column, set_not_null, shadow,
};
use crate::{backfill, parse, render};

/// Reads a directive.
pub(crate) fn mapping(written: &MapDirective) -> Result<ColumnMapping, Unmappable> {
    let (table, column) = parse::column(&written.target)
        .ok_or_else(|| Unmappable(format!("`{}` is no TABLE.COLUMN", written.target)))?;
    let value = parse::of_one_row(&written.value).ok_or_else(|| {
        Unmappable(format!(
            "`{}` cannot be read as an expression over one row of {table}",
            written.value
        ))
    })?;
    Ok(ColumnMapping {
        table,
        column,
        value,
        span: written.span,
    })
}

/// The safe way of the changes that add and drop the columns of a set.
pub(crate) fn mapped(
    changes: &[Change],
    set: &MappingSet,
    context: &Context<'_>,
) -> Result<Plan, Unmappable> {
    let sides = Sides::of(changes, set, context)?;
    let draft = if is_used(&sides.target.name, context) {
        sides.gated()
    } else {
        sides.at_once()
    }?;
    super::whole(draft.into_plan(changes))
        .ok_or_else(|| Unmappable(format!("no steps are known for {}", sides.target.name)))
}

/// One column of a side, and what it is made of.
struct Part {
    column: Column,
    constraints: Vec<Constraint>,
    value: Expression,
}

/// A table, the columns that go and the columns that come.
struct Sides<'a> {
    target: Target,
    table: &'a Table,
    old: Vec<Part>,
    new: Vec<Part>,
    context: &'a Context<'a>,
}

fn refused<T>(why: String) -> Result<T, Unmappable> {
    Err(Unmappable(why))
}

impl<'a> Sides<'a> {
    fn of(
        changes: &[Change],
        set: &MappingSet,
        context: &'a Context<'a>,
    ) -> Result<Self, Unmappable> {
        if let Some(twice) = set.twice() {
            return refused(format!("{} is mapped twice", twice.column));
        }
        let name = set
            .mappings
            .first()
            .map(|mapping| mapping.table.clone())
            .ok_or_else(|| Unmappable("nothing is mapped".to_owned()))?;
        let table = context
            .catalog
            .table(&name)
            .ok_or_else(|| Unmappable(format!("there is no table {name}")))?;
        let mut sides = Self {
            target: Target::required(name),
            table,
            old: Vec::new(),
            new: Vec::new(),
            context,
        };
        for change in changes {
            sides.take(change, set)?;
        }
        sides.is_whole(set)?;
        for part in &sides.new {
            sides.may_come(part)?;
        }
        for part in &sides.old {
            sides.may_go(part)?;
        }
        Ok(sides)
    }

    fn take(&mut self, change: &Change, set: &MappingSet) -> Result<(), Unmappable> {
        let Change::Column(_, change) = change else {
            return Ok(());
        };
        let part = |column: &Column, constraints: &[Constraint]| {
            let value = set
                .value_of(&column.name)
                .ok_or_else(|| Unmappable(format!("{} is not mapped", column.name)))?;
            Ok(Part {
                column: column.clone(),
                constraints: constraints.to_vec(),
                value: value.clone(),
            })
        };
        if let ColumnChange::Add {
            column,
            constraints,
            ..
        } = change
        {
            self.new.push(part(column, constraints)?);
        } else if let ColumnChange::Drop { name, reaction, .. } = change {
            if *reaction == Reaction::Cascade {
                return refused(format!(
                    "{name} is dropped with CASCADE: say what else goes"
                ));
            }
            let column = self
                .table
                .column(name)
                .ok_or_else(|| Unmappable(format!("{} has no column {name}", self.target.name)))?;
            self.old.push(part(column, &[])?);
        }
        Ok(())
    }

    /// Both directions are there, and each value is made of the other side alone.
    fn is_whole(&self, set: &MappingSet) -> Result<(), Unmappable> {
        let table = &self.target.name;
        if self.new.is_empty() || self.old.is_empty() {
            return refused(format!(
                "a mapping goes from columns of {table} that are dropped to columns that are added: the statements of this \
                 section do not do both"
            ));
        }
        for mapping in &set.mappings {
            let is_of =
                |side: &[Part], name: &Ident| side.iter().any(|part| &part.column.name == name);
            let (own, other) = if is_of(&self.new, &mapping.column) {
                ("added", &self.old)
            } else if is_of(&self.old, &mapping.column) {
                ("dropped", &self.new)
            } else {
                return refused(format!(
                    "{} of {table} is mapped, and neither added nor dropped here",
                    mapping.column
                ));
            };
            if let Some(stranger) = mapping
                .value
                .columns
                .iter()
                .find(|name| !is_of(other, name))
            {
                return refused(format!(
                    "{} is {own}, and its value reads {stranger}, which is not a column of the other side",
                    mapping.column
                ));
            }
            if mapping.value.volatility(self.context.catalog) == Volatility::Volatile {
                return refused(format!(
                    "the value of {} differs each time it is computed",
                    mapping.column
                ));
            }
        }
        Ok(())
    }

    /// A column that is there already is no reason: a run that was killed made it, or the first step says so.
    fn may_come(&self, part: &Part) -> Result<(), Unmappable> {
        let name = &part.column.name;
        match &part.column.fill {
            Fill::None => Ok(()),
            Fill::Default(default) => match default.volatility(self.context.catalog) {
                Volatility::Immutable | Volatility::Stable => Ok(()),
                Volatility::Volatile | Volatility::Unknown => refused(format!(
                    "the default of {name} differs from row to row: an insert that leaves it out cannot be told"
                )),
            },
            Fill::Serial | Fill::Identity(_) | Fill::Stored(_) | Fill::Virtual(_) => {
                refused(format!("{name} makes its values itself"))
            }
        }
    }

    fn may_go(&self, part: &Part) -> Result<(), Unmappable> {
        let name = &part.column.name;
        let is_computed = matches!(
            part.column.fill,
            Fill::Stored(_) | Fill::Virtual(_) | Fill::Identity(_)
        );
        let is_held = archive::is_needed(&self.target, self.table, name, self.context);
        let is_too_old = self.table.partitioning.is_some() && self.context.server.version < 13;
        if is_computed {
            return refused(format!("{name} makes its values itself"));
        }
        if is_held || is_too_old {
            return refused(format!(
                "{name} cannot go as it is: a view, a generated column, a partition key, a child table or a parent of {} \
                 hangs on it",
                self.target.name
            ));
        }
        Ok(())
    }

    /// On a table that no running version uses: the same result in one go.
    fn at_once(&self) -> Result<Draft, Unmappable> {
        let mut draft = Draft::new();
        self.try_out(&mut draft);
        self.bare(&mut draft);
        self.fill(&mut draft);
        self.require(&mut draft)?;
        for (number, part) in self.old.iter().enumerate() {
            self.drop(&mut draft, part, place_in_transaction(number));
        }
        Ok(draft)
    }

    fn gated(&self) -> Result<Draft, Unmappable> {
        let table = &self.target.name;
        let sync = self.trigger();
        let mut draft = Draft::new();
        self.try_out(&mut draft);
        self.bare(&mut draft);
        self.relax(&mut draft);
        draft.with_previous(
            format!(
                "Keep {} and {} in step from now on, whichever a statement writes.",
                listed(&self.old),
                listed(&self.new)
            ),
            shadow::sync(table, &sync),
        );
        self.fill(&mut draft);
        draft.gate(
            self.old
                .iter()
                .map(|part| {
                    format!(
                        "No running version of the application uses the column {} of {table}.",
                        part.column.name
                    )
                })
                .collect(),
            self.old
                .iter()
                .map(|part| Retired::Column {
                    table: table.clone(),
                    column: part.column.name.clone(),
                    counter: Some(sync.object.clone()),
                })
                .collect(),
        );
        self.contract(&mut draft, &sync)?;
        Ok(draft)
    }

    fn contract(&self, draft: &mut Draft, sync: &SyncTrigger) -> Result<(), Unmappable> {
        draft.probe(
            format!(
                "Prove once more that {} and {} are in step in every row.",
                listed(&self.old),
                listed(&self.new)
            ),
            self.out_of_step(),
        );
        self.require(draft)?;
        let names: Vec<Ident> = self
            .old
            .iter()
            .map(|part| part.column.name.clone())
            .collect();
        let key = archive::key(self.table, &names);
        if let Some(key) = &key {
            for part in &self.old {
                archive::forget(draft, &self.target.name, &part.column.name);
                let what = (self.table, &part.column, self.kept_by());
                archive::keep_values(draft, &self.target, what, key);
            }
            // By their own way down alone: it has a trigger and a gate, and the new version may be running.
            draft.restored_by(self.back(key));
        } else {
            draft.remark(format!(
                "The values of {} are not kept: {} has no key of stored columns to keep them by. The contract phase is the point \
                 of no return.",
                listed(&self.old),
                self.target.name
            ));
        }
        archive::drop_keys(draft, &self.target, self.table, &names);
        draft.own(
            format!(
                "Stop keeping {} and {} in step.",
                listed(&self.old),
                listed(&self.new)
            ),
            shadow::drop_sync(&self.target.name, sync),
        );
        for part in &self.old {
            self.drop(draft, part, StepTransaction::WithPrevious);
        }
        Ok(())
    }

    /// New rows come all the time while the sides are kept in step, and their values are those of the new side: what is
    /// kept is what was there when the copy began, where the table has a key to walk by.
    fn kept_by(&self) -> BackfillProof {
        let proof = BackfillProof::EachRangeOnce;
        let probe = Backfill {
            proof,
            kind: BackfillKind::Delete,
            ..Backfill::update(self.target.name.clone(), Vec::new(), self.is_behind())
        };
        match backfill::walk(&probe, self.context.catalog, self.context.server.version) {
            Ok(_) => proof,
            Err(_) => BackfillProof::NoneRemain,
        }
    }

    fn drop(&self, draft: &mut Draft, part: &Part, transaction: StepTransaction) {
        let name = &part.column.name;
        let purpose = format!("Drop {name}: {} has what it said.", listed(&self.new));
        let change = author::column(
            &self.target,
            ColumnChange::Drop {
                name: name.clone(),
                presence: Presence::Required,
                reaction: Reaction::Restrict,
            },
        );
        draft.change(transaction, purpose, vec![change]);
    }

    /// Names and types are looked at by the server, and no row is: what does not fit is known before anything starts.
    fn try_out(&self, draft: &mut Draft) {
        let table = &self.target.name;
        let sql = Sql::literal("SELECT 1 FROM ")
            .name(table)
            .text(" WHERE false AND (");
        let sql = sql.list(&self.new, " OR ", |sql, part| {
            cast(sql, part).text(" IS NULL")
        });
        let sql = sql
            .text(") UNION ALL SELECT 1 FROM (SELECT ")
            .list(&self.new, ", ", |sql, part| {
                sql.text("CAST(NULL AS ")
                    .verbatim(&part.column.data_type.to_string())
                    .text(") AS ")
                    .ident(&part.column.name)
            })
            .text(") AS ")
            .ident(&table.name)
            .text(" WHERE false AND (")
            .list(&self.old, " OR ", |sql, part| {
                cast(sql, part).text(" IS NULL")
            })
            .text(")");
        draft.probe(
            "Let the server read the mappings: no row is read.".to_owned(),
            Probe {
                finds: format!("the mappings of {table} cannot be computed"),
                query: sql,
            },
        );
    }

    /// The new columns, nullable and empty; the defaults count for new rows only.
    fn bare(&self, draft: &mut Draft) {
        let table = &self.target.name;
        for (number, part) in self.new.iter().enumerate() {
            let name = &part.column.name;
            let change = author::column(
                &self.target,
                ColumnChange::Add {
                    column: Column {
                        nullability: Nullability::Nullable,
                        fill: Fill::None,
                        ..part.column.clone()
                    },
                    constraints: Vec::new(),
                    presence: Presence::Required,
                },
            );
            let purpose = format!("Add {name} to {table}: no row is read or written.");
            draft.change(place_in_transaction(number), purpose, vec![change]);
            if let Fill::Default(default) = &part.column.fill {
                draft.with_previous(
                    format!("Give {name} its default, for new rows only."),
                    rename_column::set_default(&self.target, name, default),
                );
            }
        }
    }

    /// What a mapping cannot make of a write of the new version must not refuse that write.
    fn relax(&self, draft: &mut Draft) {
        for part in &self.old {
            if part.column.nullability == Nullability::NotNull {
                draft.with_previous(
                    format!(
                        "Let {} be null: a write of the new version must not fail for what cannot be mapped back.",
                        part.column.name
                    ),
                    author::column(
                        &self.target,
                        ColumnChange::DropNotNull(part.column.name.clone()),
                    ),
                );
            }
        }
    }

    fn fill(&self, draft: &mut Draft) {
        let assignments = self
            .new
            .iter()
            .map(|part| (part.column.name.clone(), assigned(part)))
            .collect();
        draft.backfill(
            format!(
                "Make {} of {} in the rows that were there, in batches.",
                listed(&self.new),
                listed(&self.old)
            ),
            Backfill::update(self.target.name.clone(), assignments, self.is_behind()),
        );
    }

    /// What was written beside the new columns.
    fn require(&self, draft: &mut Draft) -> Result<(), Unmappable> {
        for part in &self.new {
            let name = &part.column.name;
            let is_key = part
                .constraints
                .iter()
                .any(|constraint| matches!(constraint.kind, ConstraintKind::PrimaryKey(_)));
            if part.column.nullability != Nullability::Nullable && !is_key {
                set_not_null::append(draft, &self.target, name, self.context);
            }
            for constraint in &part.constraints {
                add_column::beside(draft, &self.target, constraint, self.context).ok_or_else(|| {
                    Unmappable(format!(
                        "a constraint of {name} has no way beside readers and writers: give it a statement of its own"
                    ))
                })?;
            }
        }
        Ok(())
    }

    fn trigger(&self) -> SyncTrigger {
        let columns: Vec<&Ident> = self
            .old
            .iter()
            .chain(&self.new)
            .map(|part| &part.column.name)
            .collect();
        let shown = self
            .new
            .first()
            .map_or(&self.target.name.name, |part| &part.column.name);
        let (name, object) = shadow::trigger_names(&self.target.name, shown, &columns, "map");
        let side = |parts: &[Part]| {
            parts
                .iter()
                .map(|part| SyncColumn {
                    column: part.column.name.clone(),
                    data_type: part.column.data_type.clone(),
                    default: steady(&part.column, self.context),
                    filled: Some(Mapping::Try(part.value.clone())),
                })
                .collect()
        };
        SyncTrigger {
            name,
            object,
            old: side(&self.old),
            new: side(&self.new),
        }
    }

    /// The rows that neither side was made of the other in. A row whose new side is empty was not filled yet.
    fn is_behind(&self) -> Expression {
        let differs = |sql: Sql, parts: &[Part]| {
            sql.list(parts, " OR ", |sql, part| {
                let one = Sql::default().ident(&part.column.name);
                let sides = (&one, &cast(Sql::default(), part));
                render::differ(sql, sides, &part.column.data_type)
            })
        };
        let sql = Sql::literal("CASE WHEN (")
            .list(&self.new, " OR ", |sql, part| {
                sql.ident(&part.column.name).text(" IS NOT NULL")
            })
            .text(") AND CASE WHEN ");
        let sql = differs(sql, &self.old).text(" THEN false ELSE true END THEN false ELSE ");
        let sql = differs(sql, &self.new).text(" END");
        let columns = self
            .new
            .iter()
            .chain(&self.old)
            .map(|part| part.column.name.clone())
            .collect();
        expression(&sql, columns)
    }

    fn out_of_step(&self) -> Probe {
        let table = &self.target.name;
        Probe {
            finds: format!(
                "rows of {table} in which {} and {} are not in step",
                listed(&self.old),
                listed(&self.new)
            ),
            query: Sql::literal("SELECT 'rows differ', count(*)::text FROM ")
                .name(table)
                .text(" WHERE ")
                .verbatim(&self.is_behind().text)
                .text(" HAVING count(*) > 0"),
        }
    }

    /// On the way back: a row takes the values that were kept, where the new side is still what was made of them.
    fn back(&self, key: &[Column]) -> Backfill {
        let table = &self.target.name;
        let assignments = self
            .old
            .iter()
            .map(|part| {
                let value = expression(&self.kept(Sql::default(), part, key), Vec::new());
                (part.column.name.clone(), value)
            })
            .collect();
        let sql =
            Sql::literal("EXISTS (SELECT FROM (SELECT ").list(&self.old, ", ", |sql, part| {
                self.kept(sql, part, key)
                    .text(" AS ")
                    .ident(&part.column.name)
            });
        // The row itself goes by numbers there: the kept values have its columns' names.
        let sql = self
            .new
            .iter()
            .chain(&self.old)
            .enumerate()
            .fold(sql, |sql, (place, part)| {
                let sql = sql.text(", ").ident(&table.name).text(".");
                numbered(sql.ident(&part.column.name).text(" AS "), place)
            });
        let sql = sql.text(") AS ").ident(&table.name).text(" WHERE ");
        let sql = self.is_still_theirs(sql).text(")");
        Backfill {
            kind: BackfillKind::Update { assignments },
            ..Backfill::update(table.clone(), Vec::new(), expression(&sql, Vec::new()))
        }
    }

    /// `(SELECT kept.column FROM archive AS kept WHERE …)`.
    fn kept(&self, sql: Sql, part: &Part, key: &[Column]) -> Sql {
        let table = &self.target.name;
        let archive = archive::place(table, Some(&part.column.name));
        let keys: Vec<Ident> = key.iter().map(|column| column.name.clone()).collect();
        let sql = sql
            .text("(SELECT kept.")
            .ident(&part.column.name)
            .text(" FROM ");
        archive::same_key(sql.name(&archive).text(" AS kept WHERE "), table, &keys).text(")")
    }

    /// The kept values are some, the new side is what is made of them, and the row does not have them yet.
    fn is_still_theirs(&self, sql: Sql) -> Sql {
        let sql = sql.text("(").list(&self.old, " OR ", |sql, part| {
            sql.ident(&part.column.name).text(" IS NOT NULL")
        });
        let sql = if self.old.len() > 1 {
            // Each column was kept at a moment of its own: where the new side says nothing, they need not belong together.
            either(
                sql.text(") AND ("),
                self.new.iter().enumerate(),
                |sql, (place, _)| numbered(sql, place).text(" IS NOT NULL"),
            )
        } else {
            sql
        };
        let sql = sql.text(") AND CASE WHEN ");
        let sql = either(sql, self.new.iter().enumerate(), |sql, (place, part)| {
            let one = numbered(Sql::default(), place);
            let sides = (&one, &cast(Sql::default(), part));
            render::differ(sql, sides, &part.column.data_type)
        });
        let sql = sql.text(" THEN false ELSE ");
        let sql = either(sql, self.old.iter().enumerate(), |sql, (place, part)| {
            let one = numbered(Sql::default(), self.new.len() + place);
            let sides = (&one, &Sql::default().ident(&part.column.name));
            render::differ(sql, sides, &part.column.data_type)
        });
        sql.text(" END")
    }
}

/// `segue_3`: a column of the row beside the kept ones.
fn numbered(sql: Sql, place: usize) -> Sql {
    sql.text("segue_")
        .number(i64::try_from(place).unwrap_or(i64::MAX))
}

/// The conditions of several parts, one of which must hold.
fn either<T>(
    sql: Sql,
    parts: impl Iterator<Item = T>,
    mut condition: impl FnMut(Sql, T) -> Sql,
) -> Sql {
    parts.enumerate().fold(sql, |sql, (number, part)| {
        let sql = if number > 0 { sql.text(" OR ") } else { sql };
        condition(sql, part)
    })
}

fn listed(parts: &[Part]) -> String {
    let names: Vec<Ident> = parts.iter().map(|part| part.column.name.clone()).collect();
    author::listed(&names)
}

/// The first of several opens a transaction, the others share it.
fn place_in_transaction(number: usize) -> StepTransaction {
    if number == 0 {
        StepTransaction::Own
    } else {
        StepTransaction::WithPrevious
    }
}

/// `CAST((value) AS type)`.
fn cast(sql: Sql, part: &Part) -> Sql {
    sql.text("CAST((")
        .verbatim(&part.value.text)
        .text(") AS ")
        .verbatim(&part.column.data_type.to_string())
        .text(")")
}

/// What a row gets: cast where a cast cuts nothing off; else assigned, which fails for a value that does not fit.
fn assigned(part: &Part) -> Expression {
    if cuts(&part.column.data_type) {
        return part.value.clone();
    }
    expression(&cast(Sql::default(), part), part.value.columns.clone())
}

fn cuts(data_type: &DataType) -> bool {
    !data_type.modifiers.is_empty()
}

/// A default that is the same for every row of a statement.
fn steady(column: &Column, context: &Context<'_>) -> Option<Expression> {
    match &column.fill {
        Fill::Default(default) => match default.volatility(context.catalog) {
            Volatility::Immutable | Volatility::Stable => Some(default.clone()),
            Volatility::Volatile | Volatility::Unknown => None,
        },
        Fill::None | Fill::Serial | Fill::Identity(_) | Fill::Stored(_) | Fill::Virtual(_) => None,
    }
}
