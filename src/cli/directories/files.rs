//! Files of a directory: listing, moving, copying and removing.

use super::facts::size;
use super::target::Target;
use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::table::Table;
use nbcourier_api::{Committed, DirectoryEntry, Expected, NewChanges, Operation};
use nbcourier_client::EntryFilter;
use std::process::ExitCode;

pub fn list(asking: &Asking, target: &Target, recursive: bool, glob: Option<&str>) -> Outcome {
    let filter = EntryFilter {
        version: target.version,
        path: Some(target.path.as_str()).filter(|path| !path.is_empty()),
        is_flat: !recursive && glob.is_none(),
        glob,
    };
    let entries = asking.ask(async |exchange| {
        let address = target.address(exchange).await?;
        Ok(exchange.entries(&address, &filter).await?.1)
    })?;
    asking.show(&entries, || table(&entries))?;
    Ok(ExitCode::SUCCESS)
}

fn table(entries: &[DirectoryEntry]) -> Table {
    let rows = entries.iter().map(|entry| {
        let path = entry.path.as_str();
        match entry.file {
            None => vec![format!("{path}/"), String::new(), String::new()],
            Some(file) => {
                let bytes = i64::try_from(file.size).unwrap_or(i64::MAX);
                let mode = if file.executable { "executable" } else { "" };
                vec![path.to_owned(), size(bytes), mode.to_owned()]
            }
        }
    });
    Table::new(&["PATH", "SIZE", ""], "There are no such files.").rows(rows)
}

pub fn remove(asking: &Asking, target: &Target, recursive: bool) -> Outcome {
    let path = path_of(target)?;
    let removal = Operation::Remove {
        path: path.clone(),
        recursive,
        expected: Expected::Any,
    };
    let committed = change(asking, target, removal)?;
    if !committed.changed {
        return Err(format!(
            "{} has no {path}, so nothing was removed",
            target.directory()
        )
        .into());
    }
    confirm(asking, &committed, &format!("Removed {target}"))
}

pub fn rename(asking: &Asking, from: &Target, to: &str) -> Outcome {
    let operation = Operation::Move {
        from: path_of(from)?,
        to: to.to_owned(),
        expected: Expected::Nothing,
    };
    let committed = change(asking, from, operation)?;
    confirm(asking, &committed, &format!("Moved {from} to {to}"))
}

pub fn copy(asking: &Asking, from: &Target, to: &str) -> Outcome {
    let operation = Operation::Copy {
        from: path_of(from)?,
        to: to.to_owned(),
        expected: Expected::Nothing,
    };
    let committed = change(asking, from, operation)?;
    confirm(asking, &committed, &format!("Copied {from} to {to}"))
}

pub fn make(asking: &Asking, target: &Target) -> Outcome {
    let operation = Operation::Mkdir {
        path: path_of(target)?,
    };
    let committed = change(asking, target, operation)?;
    confirm(asking, &committed, &format!("Made {target}"))
}

fn path_of(target: &Target) -> Result<String, Box<dyn std::error::Error>> {
    if target.path.is_empty() {
        return Err(format!(
            "Name a path in the directory, such as {}/FILE",
            target.directory()
        )
        .into());
    }
    if target.version.is_some() {
        return Err("Versions never change. Leave out the version".into());
    }
    Ok(target.path.clone())
}

fn change(
    asking: &Asking,
    target: &Target,
    operation: Operation,
) -> Result<Committed, Box<dyn std::error::Error>> {
    let changes = NewChanges {
        message: None,
        device: None,
        changes: vec![operation].into(),
    };
    asking.ask(async |exchange| {
        let address = target.address(exchange).await?;
        exchange.commit(&address, &changes).await
    })
}

/// Prints what was done.
pub(super) fn confirm(asking: &Asking, committed: &Committed, done: &str) -> Outcome {
    let sentence = if committed.changed {
        format!(
            "{done}. The directory has version {} now.",
            committed.version
        )
    } else {
        format!(
            "Nothing to do: version {} has that already.",
            committed.version
        )
    };
    asking.confirm(committed, &sentence)?;
    Ok(ExitCode::SUCCESS)
}
