//! Which migrations run, and which are taken back.

use segue_model::Migration;

use crate::error::{EngineError, Kind};
use crate::status::{Standing, Status};
use crate::up::{Order, Selection, Target};

/// The migrations to run, in order.
pub(crate) fn chosen_up<'m>(
    migrations: &'m [Migration],
    lines: &[Status],
    selection: &Selection,
) -> Result<Vec<(&'m Migration, Standing)>, EngineError> {
    refuse_history(lines, selection)?;
    let mut pending: Vec<(&Migration, Standing)> = Vec::new();
    let mut is_reached = false;
    for (migration, line) in migrations.iter().zip(lines) {
        match line.standing {
            Standing::Pending | Standing::OutOfOrder | Standing::Partial => {
                pending.push((migration, line.standing));
            }
            Standing::Applied
            | Standing::Waiting
            | Standing::Baseline
            | Standing::Edited
            | Standing::Missing => {}
            Standing::Reverting => {
                return Err(EngineError::new(
                    Kind::Refused,
                    format!(
                        "{} is on its way back: finish `segue down` first",
                        line.path
                    ),
                ));
            }
        }
        if selection.target == Target::To(migration.id.clone()) {
            is_reached = true;
            break;
        }
    }
    match &selection.target {
        Target::All => {}
        Target::Steps(count) => pending.truncate(*count),
        Target::To(id) if !is_reached => return Err(no_such(id)),
        Target::To(_) => {}
    }
    Ok(pending)
}

fn refuse_history(lines: &[Status], selection: &Selection) -> Result<(), EngineError> {
    let of = |standing: Standing| {
        lines
            .iter()
            .filter(move |line| line.standing == standing)
            .map(|line| line.path.clone())
            .collect::<Vec<_>>()
    };
    let edited = of(Standing::Edited);
    if !edited.is_empty() {
        return Err(EngineError::new(
            Kind::Refused,
            "migrations were edited after they ran: what the database has is not what the files say",
        )
        .with_details(edited)
        .with_next("segue repair"));
    }
    let early = of(Standing::OutOfOrder);
    if selection.order == Order::Linear && !early.is_empty() {
        return Err(EngineError::new(
            Kind::Refused,
            "migrations lie before one that is done: their order here is not the order in which others ran them",
        )
        .with_details(early)
        .with_details(["give them a later version, or run them where they are".to_owned()])
        .with_next("segue up --allow-out-of-order"));
    }
    Ok(())
}

/// The migrations to take back, last first.
pub(crate) fn chosen_down<'m>(
    migrations: &'m [Migration],
    lines: &[Status],
    selection: &Selection,
) -> Result<Vec<(&'m Migration, Standing)>, EngineError> {
    let mut chosen: Vec<(&Migration, Standing)> = Vec::new();
    let mut is_reached = false;
    for (migration, line) in migrations.iter().zip(lines).rev() {
        if selection.target == Target::To(migration.id.clone()) {
            is_reached = true;
            break;
        }
        match line.standing {
            Standing::Applied
            | Standing::Waiting
            | Standing::Partial
            | Standing::Edited
            | Standing::Reverting => {
                chosen.push((migration, line.standing));
            }
            Standing::Baseline => break,
            Standing::Pending | Standing::OutOfOrder | Standing::Missing => {}
        }
    }
    match &selection.target {
        Target::All => {}
        Target::Steps(count) => chosen.truncate(*count),
        Target::To(id) if !is_reached => return Err(no_such(id)),
        Target::To(_) => {}
    }
    Ok(chosen)
}

pub(crate) fn is_before_gates(chosen: &[(&Migration, Standing)]) -> bool {
    !chosen.is_empty()
        && chosen
            .iter()
            .all(|(_, standing)| matches!(standing, Standing::Waiting | Standing::Reverting))
}

pub(crate) fn no_such(id: &str) -> EngineError {
    EngineError::new(
        Kind::Request,
        format!("the project has no migration {id}: `segue status` lists them"),
    )
}
