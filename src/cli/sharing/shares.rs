//! `nbcourier shares`: the links to pages that the caller shares, or that members of a course share.

use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::table::Table;
use crate::cli::when::shown;
use nbcourier_api::Share;
use nbcourier_domain::CourseId;
use std::process::ExitCode;

/// Lists or revokes the links to pages that you share
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    asking: Asking,
    /// Revoke the link with this number
    #[arg(long, value_name = "ID")]
    revoke: Option<i64>,
    /// List the links of all members of this course. For instructors and assistants
    #[arg(long, value_parser = crate::cli::course_id, conflicts_with = "revoke")]
    course: Option<CourseId>,
}

pub fn run(arguments: &Arguments) -> Outcome {
    let asking = &arguments.asking;
    if let Some(id) = arguments.revoke {
        asking.ask(async |exchange| exchange.revoke_share(id).await)?;
        let answer = serde_json::json!({ "id": id });
        asking.confirm(&answer, &format!("Revoked the link {id}."))?;
        return Ok(ExitCode::SUCCESS);
    }
    let shares = asking.ask(async |exchange| match &arguments.course {
        Some(course) => exchange.shares_of(course).await,
        None => exchange.shares().await,
    })?;
    asking.show(&shares, || table(&shares))?;
    Ok(ExitCode::SUCCESS)
}

fn table(shares: &[Share]) -> Table {
    let rows = shares.iter().map(|share| {
        vec![
            share.id.to_string(),
            share.title.clone(),
            share.course.clone(),
            share.made_by.clone(),
            share.audience.to_string(),
            share.state.word().to_owned(),
            shown(Some(share.expires_at)),
        ]
    });
    let head = ["ID", "TITLE", "COURSE", "BY", "AUDIENCE", "STATE", "UNTIL"];
    Table::new(&head, "There are no links.").rows(rows)
}
