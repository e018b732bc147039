//! ALTER TYPE that rewrites: a shadow column kept up to date by a trigger ▸ copied in batches ▸ everything attached is built on
//! it ▸ the names are swapped in one transaction of catalog changes, and a trigger keeps the old column up to date ▸ gate ▸
//! the old column goes. A key that other tables refer to goes the same way, with what refers to it (`key`).
//!
//! Measured: the plain statement rewrites the table and all its indexes under ACCESS EXCLUSIVE (lock table, section 2).
//! Values that do not survive the way there and back are looked for before anything starts. A `USING`
//! that is not a cast of the column needs its way back said: `-- segue:reverse COLUMN = EXPRESSION`. Then Segue asks of
//! every row whether the way there and back gives the same value.

use segue_model::{
    Backfill, Cause, Change, ColumnChange, Context, DataType, Expression, Ident, Mapping,
    Nullability, Presence, Probe, Reaction, Retired, Shape, Sql, SyncTrigger, Volatility, WorkKind,
};

use super::draft::Draft;
use super::key::Key;
use super::rename_column::set_default;
use super::shadow::{self, Carried, Pair};
use super::{aside, author, expression, is_used, names, set_not_null};
use crate::{impact, parse, render};

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Column(
        target,
        ColumnChange::SetType {
            name,
            data_type,
            collation: None,
            using,
        },
    ) = change
    else {
        return None;
    };
    let table = context.catalog.table(&target.name)?;
    let old = table.column(name)?;
    if !is_used(&target.name, context) || !rewrites(change, context) {
        return None;
    }
    let way = Way::of((name, data_type), using.as_ref(), context).ok()?;
    let shadow = names::object_name(name, "segue", "new");
    let retired = names::object_name(name, "segue", "old");
    if table.column(&shadow).is_some() || table.column(&retired).is_some() {
        return None;
    }
    let pair = Pair {
        target,
        table,
        old,
        new: &shadow,
        context,
    };
    let carried = pair.carried().filter(|_| pair.stuck().is_empty())?;
    let key = Key::of(&pair).ok()?;
    if shadow::default_of(&pair).is_some() && !is_assignable(&old.data_type, data_type) {
        // The server refuses the plain statement too: it does not cast a default.
        return None;
    }
    let swap = Swap {
        pair: &pair,
        carried: &carried,
        key: &key,
        data_type,
        way: &way,
        retired: &retired,
    };
    Some(swap.draft())
}

fn rewrites(change: &Change, context: &Context<'_>) -> bool {
    impact::impact(std::slice::from_ref(change), context)
        .work
        .iter()
        .any(|work| {
            work.kind == WorkKind::Rewrite
                && matches!(
                    work.cause,
                    Cause::TypeChange | Cause::UsingExpression | Cause::ConstrainedDomain
                )
        })
}

/// True when the expression is nothing but a cast of the column to the type.
fn is_cast(using: &Expression, column: &Ident, data_type: &DataType) -> bool {
    match &using.shape {
        Shape::Cast { of, to } => {
            matches!(of.as_ref(), Shape::Column(name) if name == column) && to == data_type
        }
        Shape::Column(name) => name == column,
        Shape::Null | Shape::Constant | Shape::NextValue(_) | Shape::Other => false,
    }
}

/// How one value becomes the other.
pub(super) enum Way {
    /// By casts.
    Casts,
    /// By the user's expressions over the column: the new value from the old one, and the old one from the new one.
    Declared(Expression, Expression),
}

impl Way {
    /// How the values of a column change, or why that is not known.
    pub(super) fn of(
        (name, data_type): (&Ident, &DataType),
        using: Option<&Expression>,
        context: &Context<'_>,
    ) -> Result<Self, String> {
        let declared = context.reverses.iter().find(|reverse| &reverse.column == name);
        let forward = match (using, declared) {
            (None, None) => return Ok(Self::Casts),
            (Some(using), None) if is_cast(using, name, data_type) => return Ok(Self::Casts),
            (Some(using), _) => using.clone(),
            (None, Some(_)) => super::rename_column::value_of(name),
        };
        let Some(declared) = declared else {
            return Err(format!(
                "USING computes {name}, and its way back is not said: -- segue:reverse {} = EXPRESSION",
                name.as_str()
            ));
        };
        let reverse = parse::expression(&declared.expression).ok_or_else(|| {
            format!("the way back of {name} could not be read: {}", declared.expression)
        })?;
        for expression in [&forward, &reverse] {
            if expression.columns.iter().any(|column| column != name) {
                return Err(format!(
                    "the values of {name} come from other columns too: {}",
                    expression.text
                ));
            }
            match expression.volatility(context.catalog) {
                Volatility::Immutable | Volatility::Stable => {}
                Volatility::Volatile | Volatility::Unknown => {
                    return Err(format!(
                        "the values of {name} may come out otherwise each time: {}",
                        expression.text
                    ));
                }
            }
        }
        Ok(Self::Declared(forward, reverse))
    }
}

/// A type change in the making.
struct Swap<'a> {
    pair: &'a Pair<'a>,
    carried: &'a Carried,
    key: &'a Key,
    data_type: &'a DataType,
    way: &'a Way,
    /// What the old column is called after the swap.
    retired: &'a Ident,
}

impl Swap<'_> {
    fn draft(&self) -> Draft {
        let Pair {
            target, old, new, ..
        } = self.pair;
        let table = &target.name;
        let mut draft = Draft::new();
        draft.probe(
            format!("Look for what is attached to {} and cannot come along.", old.name),
            self.pair.probe(),
        );
        aside::look(&mut draft, self.pair);
        self.key.look(&mut draft, self.pair);
        let is_lossless = matches!(self.way, Way::Casts) && is_total(&old.data_type, self.data_type);
        if !is_lossless {
            draft.probe(
                format!("Look for values of {} that do not survive the change.", old.name),
                self.lossy(),
            );
        }
        let forward = self.forward();
        draft.own(
            format!("Add {new} to {table}: no row is read or written."),
            self.pair.add(self.data_type),
        );
        draft.with_previous(
            format!("Keep {new} up to date with {} from now on.", old.name),
            shadow::sync(table, &forward),
        );
        draft.backfill(
            format!("Convert {} of {table} in the rows that were there, in batches.", old.name),
            Backfill::update(table.clone(), vec![((*new).clone(), self.converted())], self.differ(&old.name, new)),
        );
        self.carried.build(&mut draft, self.pair);
        if let Some((_, checked)) = self.required_again() {
            draft.undone_by(checked);
        }
        self.key.build(&mut draft);
        self.swap(&mut draft, &forward);
        aside::gather(&mut draft, self.pair);
        self.contract(&mut draft);
        self.key.remark(&mut draft, self.pair, self.data_type);
        draft
    }

    fn forward(&self) -> SyncTrigger {
        let (name, object) = self.pair.trigger("forward");
        SyncTrigger {
            name,
            object,
            old: Pair::side((&self.pair.old.name, &self.pair.old.data_type), None, None),
            new: Pair::side(
                (self.pair.new, self.data_type),
                None,
                Some(match self.way {
                    Way::Casts => mapping((&self.pair.old.name, &self.pair.old.data_type), self.data_type),
                    Way::Declared(forward, _) => Mapping::Try(forward.clone()),
                }),
            ),
        }
    }

    /// After the swap the column of the old name is the new one: it fills what was the old one.
    fn backward(&self) -> SyncTrigger {
        let (name, object) = self.pair.trigger("backward");
        SyncTrigger {
            name,
            object,
            old: Pair::side((&self.pair.old.name, self.data_type), None, None),
            new: Pair::side(
                (self.retired, &self.pair.old.data_type),
                None,
                Some(match self.way {
                    Way::Casts => mapping((&self.pair.old.name, self.data_type), &self.pair.old.data_type),
                    Way::Declared(_, reverse) => Mapping::Try(reverse.clone()),
                }),
            ),
        }
    }

    fn swap(&self, draft: &mut Draft, forward: &SyncTrigger) {
        let Pair {
            target, old, new, ..
        } = self.pair;
        let (table, name) = (&target.name, &old.name);
        let rename = |from: &Ident, to: &Ident| {
            author::column(
                target,
                ColumnChange::Rename {
                    from: from.clone(),
                    to: to.clone(),
                },
            )
        };
        draft.own(
            format!("Stop filling {new}: the names are swapped in this transaction."),
            shadow::drop_sync(table, forward),
        );
        let is_followed = !self.pair.movable().is_empty();
        if is_followed {
            let (purpose, change) = aside::setting(self.pair);
            draft.with_previous(purpose, change);
        }
        self.key.let_go(draft, self.pair);
        self.carried.step_aside(draft, self.pair);
        let default = shadow::default_of(self.pair);
        if let Some(default) = &default {
            shadow::disown(draft, self.pair, default);
        }
        if old.nullability == Nullability::NotNull {
            draft.with_previous(
                format!("Let the old {name} be null: nobody writes it any more."),
                author::column(target, ColumnChange::DropNotNull(name.clone())),
            );
            if let Some((new_rows, _)) = self.required_again() {
                draft.undone_by(new_rows);
            }
        }
        draft.with_previous(format!("Call the old column {}.", self.retired), rename(name, self.retired));
        draft.with_previous(format!("Call the new column {name}."), rename(new, name));
        if default.is_some() {
            shadow::own_sequence_after_swap(draft, self.pair);
        } else {
            shadow::own_sequence(draft, self.pair, name);
        }
        self.carried.take_names(draft, self.pair);
        self.key.take_names(draft);
        if let Some(default) = default {
            draft.with_previous(
                format!("Give {name} its default."),
                set_default(target, name, &default),
            );
        }
        if is_followed {
            let (purpose, change) = aside::putting(self.pair);
            draft.with_previous(purpose, change);
        }
        draft.with_previous(
            format!("Keep {} up to date: until the contract phase there is a way back.", self.retired),
            shadow::sync(table, &self.backward()),
        );
    }

    /// On the way back the old column refuses null again: for new rows with the names, for all when that is checked. A primary
    /// key that comes back needs it for all at once.
    fn required_again(&self) -> Option<(Vec<Change>, Vec<Change>)> {
        let Pair {
            target, old, context, ..
        } = self.pair;
        let name = shadow::named_not_null(self.pair).map(|(_, name)| name);
        (old.nullability == Nullability::NotNull && !self.key.is_primary())
            .then(|| set_not_null::again(target, &old.name, name.as_ref(), context))
    }

    fn contract(&self, draft: &mut Draft) {
        let Pair { target, old, .. } = self.pair;
        let table = &target.name;
        draft.gate(
            vec![format!(
                "No running version of the application needs {} of {table} to be {}.",
                old.name, old.data_type
            )],
            vec![Retired::Column {
                table: table.clone(),
                column: self.retired.clone(),
                counter: None,
            }],
        );
        draft.own(
            format!("Stop keeping {} up to date.", self.retired),
            shadow::drop_sync(table, &self.backward()),
        );
        draft.with_previous(
            format!("Drop {}: {} has its values.", self.retired, old.name),
            author::column(
                target,
                ColumnChange::Drop {
                    name: self.retired.clone(),
                    presence: Presence::Required,
                    reaction: Reaction::Restrict,
                },
            ),
        );
    }

    /// Appends the new value from the old one.
    fn there(&self, sql: Sql, old: &Ident) -> Sql {
        match self.way {
            Way::Casts => cast(sql, old, self.data_type),
            Way::Declared(forward, _) => computed(sql, forward, self.data_type),
        }
    }

    /// `CAST(old AS new type)`.
    fn converted(&self) -> Expression {
        let old = &self.pair.old.name;
        let sql = self.there(Sql::default(), old);
        expression(&sql, vec![old.clone()])
    }

    /// `new IS DISTINCT FROM CAST(old AS new type)`.
    fn differ(&self, old: &Ident, new: &Ident) -> Expression {
        let (one, other) = (Sql::default().ident(new), self.there(Sql::default(), old));
        let sql = render::differ(Sql::default(), (&one, &other), self.data_type);
        expression(&sql, vec![new.clone(), old.clone()])
    }

    /// Values that come back as others, or that cannot be cast: then the server says which.
    fn lossy(&self) -> Probe {
        let old = &self.pair.old;
        let table = &self.pair.target.name;
        if let Way::Declared(forward, reverse) = self.way {
            return self.not_returning(forward, reverse);
        }
        let there = cast(Sql::default(), &old.name, self.data_type);
        let sql = Sql::literal("SELECT CAST(")
            .ident(&old.name)
            .text(" AS text), 'becomes', CAST(")
            .verbatim(there.as_str())
            .text(" AS text) FROM ")
            .name(table)
            .text(" WHERE ");
        let back = Sql::literal("CAST(")
            .verbatim(there.as_str())
            .text(" AS ")
            .verbatim(&old.data_type.to_string())
            .text(")");
        let was = Sql::default().ident(&old.name);
        let sql = render::differ(sql, (&back, &was), &old.data_type);
        Probe {
            finds: format!(
                "values of {} in {table} that are others after the change to {}",
                old.name, self.data_type
            ),
            query: sql.text(" LIMIT 3"),
        }
    }

    /// Values that the user's way there and back does not bring back. The new value stands under the column's name, as it
    /// will when the way back is gone.
    fn not_returning(&self, forward: &Expression, reverse: &Expression) -> Probe {
        let old = &self.pair.old;
        let table = &self.pair.target.name;
        let before = names::object_name(&old.name, "segue", "before");
        let sql = Sql::literal("SELECT CAST(")
            .ident(&before)
            .text(" AS text), 'becomes', CAST(")
            .ident(&old.name)
            .text(" AS text) FROM (SELECT ")
            .ident(&old.name)
            .text(" AS ")
            .ident(&before)
            .text(", ");
        let sql = computed(sql, forward, self.data_type)
            .text(" AS ")
            .ident(&old.name)
            .text(" FROM ")
            .name(table)
            .text(") AS ")
            .ident(&table.name)
            .text(" WHERE ");
        let back = computed(Sql::default(), reverse, &old.data_type);
        let was = Sql::default().ident(&before);
        let sql = render::differ(sql, (&back, &was), &old.data_type);
        Probe {
            finds: format!(
                "values of {} in {table} that the declared way back does not bring back",
                old.name
            ),
            query: sql.text(" LIMIT 3"),
        }
    }
}

fn computed(sql: Sql, expression: &Expression, data_type: &DataType) -> Sql {
    sql.text("CAST((")
        .verbatim(&expression.text)
        .text(") AS ")
        .verbatim(&data_type.to_string())
        .text(")")
}

fn cast(sql: Sql, column: &Ident, data_type: &DataType) -> Sql {
    sql.text("CAST(")
        .ident(column)
        .text(" AS ")
        .verbatim(&data_type.to_string())
        .text(")")
}

fn mapping((column, from): (&Ident, &DataType), to: &DataType) -> Mapping {
    if is_total(from, to) {
        Mapping::Cast(column.clone())
    } else {
        Mapping::TryCast(column.clone())
    }
}

/// True when every value of one type is a value of the other and comes back unchanged from it.
///
/// Source: PostgreSQL 17 manual, 8.1 and 8.3 (ranges of the numeric types; text has no limit).
fn is_total(from: &DataType, to: &DataType) -> bool {
    let is = |data_type: &DataType, names: &[&str]| {
        data_type.modifiers.is_empty() && names.iter().any(|name| data_type.is_built_in(name))
    };
    let integers = ["smallint", "integer", "bigint"];
    let width = |data_type: &DataType| {
        integers
            .iter()
            .position(|name| is(data_type, &[name]))
    };
    match (width(from), width(to)) {
        (Some(from), Some(to)) => return from <= to,
        (Some(_), None) if is(to, &["numeric", "text"]) => return true,
        _ => {}
    }
    is(to, &["text"]) && is(from, &["uuid", "boolean", "character varying", "date", "inet"])
}

/// True when a default of one type is taken for a column of the other without a cast.
///
/// Source: `pg_cast` of 15 and 18, assignment casts between types of one category; anything may be assigned to text.
fn is_assignable(from: &DataType, to: &DataType) -> bool {
    const NUMBERS: &[&str] = &["smallint", "integer", "bigint", "numeric", "real", "double precision"];
    const TEXTS: &[&str] = &["text", "character varying", "character"];
    const TIMES: &[&str] = &["date", "timestamp without time zone", "timestamp with time zone"];
    let both = |names: &[&str]| {
        names.iter().any(|name| from.is_built_in(name)) && names.iter().any(|name| to.is_built_in(name))
    };
    both(NUMBERS)
        || both(TIMES)
        || TEXTS.iter().any(|name| to.is_built_in(name))
        || from.name == to.name
}
