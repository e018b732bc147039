//! Statements that add and drop the columns of a declared mapping: one plan for all of them, wherever they stand in their
//! section.
//!
//! What a person declared is followed or refused, never passed over: a column would go with values that he meant to keep.

use segue_model::{
    Change, ColumnChange, ColumnMapping, MappingSet, Replay, Section, Span, Statement, Unmappable,
    directives,
};

use super::losses::real;
use super::{Draft, Manner, Sent, sections};
use crate::error::{EngineError, Kind, Place};

/// The mappings of a section, and what became of each.
#[derive(Default)]
pub(super) struct Declared {
    sets: Vec<Set>,
}

struct Set {
    set: MappingSet,
    standing: Standing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Declared in this section: its statements have to follow it.
    Expected,
    /// Declared for the way up: it holds on the way down too, where it fits.
    Offered,
    /// Its steps are planned.
    Planned,
}

impl Draft<'_> {
    /// What a section declares; on the way down, what the way up declared too.
    pub(super) fn declared(
        &self,
        section: &Section,
        statements: &[Statement],
        version: u16,
    ) -> Result<Declared, EngineError> {
        if self.manner == Manner::Verbatim {
            return Ok(Declared::default());
        }
        let own = self.mappings(section, statements, version)?;
        let mut others = Vec::new();
        if self.way == Sent::Down {
            for up in sections(self.migration, Sent::Up)? {
                if up.text().contains("segue:map") {
                    let there = self.dialect.read(up.text(), version);
                    others.extend(self.mappings(up, &there, version)?);
                }
            }
            others.retain(|other| {
                !own.iter()
                    .any(|one| one.table == other.table && one.column == other.column)
            });
        }
        let is_own = |mapping: &ColumnMapping| own.contains(mapping);
        let sets = MappingSet::of(own.iter().chain(&others).cloned().collect());
        Ok(Declared {
            sets: sets
                .into_iter()
                .map(|set| Set {
                    standing: if set.mappings.iter().any(is_own) {
                        Standing::Expected
                    } else {
                        Standing::Offered
                    },
                    set,
                })
                .collect(),
        })
    }

    fn mappings(
        &self,
        section: &Section,
        statements: &[Statement],
        version: u16,
    ) -> Result<Vec<ColumnMapping>, EngineError> {
        let at = |byte: usize, why: String| {
            EngineError::new(Kind::Refused, why).at(Place {
                migration: self.migration.id.clone(),
                step: (self.number + 1).to_string(),
                file: Some((section.file.path.clone(), section.span.start + byte)),
            })
        };
        let text = section.text();
        directives(text, Span::new(0, text.len()), statements, |_| true)
            .maps
            .iter()
            .map(|written| {
                self.dialect
                    .mapping(written, version)
                    .map_err(|Unmappable(why)| {
                        at(
                            written.span.start,
                            format!("a mapping cannot be read: {why}"),
                        )
                    })
            })
            .collect()
    }

    /// Plans the sets that a statement begins. False when the statement has nothing to do with any.
    pub(super) fn follow(
        &mut self,
        (section, statements): (&Section, &[Statement]),
        statement: &Statement,
        declared: &mut Declared,
        replay: &mut Replay,
    ) -> Result<bool, EngineError> {
        let is_mapped = |change: &Change| declared.sets.iter().any(|one| one.set.is_about(change));
        if !statement.changes.iter().any(is_mapped) {
            return Ok(false);
        }
        if let Some(stray) = statement.changes.iter().find(|change| !is_mapped(change)) {
            return Err(self.refuse(section, statement, &strays(stray)));
        }
        for one in &mut declared.sets {
            let begins = statement
                .changes
                .iter()
                .any(|change| one.set.is_about(change));
            if !begins || one.standing == Standing::Planned {
                continue;
            }
            one.standing = Standing::Planned;
            let whole = Statement {
                changes: statements
                    .iter()
                    .flat_map(|one| &one.changes)
                    .filter(|change| one.set.is_about(change))
                    .cloned()
                    .collect(),
                ..statement.clone()
            };
            let plan = self
                .dialect
                .mapped(&whole.changes, &one.set, &replay.context())
                .map_err(|Unmappable(why)| {
                    self.refuse(
                        section,
                        statement,
                        &format!("its mapping cannot be followed: {why}"),
                    )
                })?;
            let plan = match self.manner {
                Manner::SafeWithoutArchive => plan.without_archive(),
                Manner::Safe | Manner::Verbatim => plan,
            };
            let answers = replay.ask(&whole, self.dialect);
            // Without a gate there is no other version, and the values have gone over.
            if plan.phases.iter().any(|phase| phase.gate.is_some()) {
                let losses = real(&whole, &answers.destroys, replay);
                self.note_losses(&plan, losses);
            }
            self.safe_way(&plan, &whole, section, replay)?;
        }
        Ok(true)
    }

    /// Every mapping of the section was followed.
    pub(super) fn followed(
        &self,
        section: &Section,
        declared: &Declared,
    ) -> Result<(), EngineError> {
        let left = declared
            .sets
            .iter()
            .filter(|one| one.standing == Standing::Expected)
            .find_map(|one| one.set.mappings.first());
        let Some(left) = left else {
            return Ok(());
        };
        Err(EngineError::new(
            Kind::Refused,
            format!(
                "{}.{} is mapped, and no statement of its section adds or drops it",
                left.table, left.column
            ),
        )
        .at(Place {
            migration: self.migration.id.clone(),
            step: self.number.to_string(),
            file: Some((
                section.file.path.clone(),
                section.span.start + left.span.start,
            )),
        }))
    }
}

/// Why a statement of a mapping may do nothing else.
fn strays(change: &Change) -> String {
    let column = if let Change::Column(_, ColumnChange::Add { column, .. }) = change {
        Some(&column.name)
    } else if let Change::Column(_, ColumnChange::Drop { name, .. }) = change {
        Some(name)
    } else {
        None
    };
    match column {
        Some(name) => format!(
            "{name} has no mapping and stands beside columns that have one: declare both directions, or give it a statement of its own"
        ),
        None => "it changes columns of a mapping and other things: give the mapping a statement of its own".to_owned(),
    }
}
