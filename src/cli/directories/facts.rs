//! Directories as a whole: their names, grants and versions.

use super::target::{Target, directory, target};
use super::{DIRECTORY, level};
use crate::cli::Outcome;
use crate::cli::asking::Asking;
use crate::cli::table::Table;
use crate::cli::when::shown;
use nbcourier_api::{
    Directory, DirectoryPatch, DirectoryVersion, Expected, Grant, NewChanges, NewCopy,
    NewDirectory, NewGrant, NewGrants, Operation, PrincipalKind,
};
use nbcourier_client::{Client, EntryFilter, Error};
use nbcourier_domain::{AccessLevel, ByteSize, CourseId, Role, UserName};
use serde_json::json;
use std::process::ExitCode;

pub fn list(
    asking: &Asking,
    owner: Option<&str>,
    reach: Option<&str>,
    search: Option<&str>,
) -> Outcome {
    let arguments = [("owner", owner), ("reach", reach), ("q", search)];
    let arguments: Vec<(&str, &str)> = arguments
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    let mut found = asking.ask(async |exchange| exchange.directories(&arguments).await)?;
    found.sort_by_key(written);
    asking.show(&found, || table(&found, "You can read no such directory."))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the directory as the commands accept it.
pub(super) fn written(directory: &Directory) -> String {
    format!("{}/{}", directory.owner.address(), directory.name)
}

fn table(directories: &[Directory], empty: &str) -> Table {
    let rows = directories.iter().map(|directory| {
        vec![
            written(directory),
            directory.may.word().to_owned(),
            directory.version.to_string(),
            directory.files.to_string(),
            size(directory.bytes),
            shown(Some(directory.changed_at)),
            directory.description.clone().unwrap_or_default(),
        ]
    });
    let head = [
        "DIRECTORY",
        "YOU MAY",
        "VERSION",
        "FILES",
        "SIZE",
        "CHANGED",
        "DESCRIPTION",
    ];
    Table::new(&head, empty).rows(rows)
}

pub(super) fn size(bytes: i64) -> String {
    ByteSize(u64::try_from(bytes).unwrap_or(0)).rounded()
}

pub fn create(
    asking: &Asking,
    target: &Target,
    description: Option<String>,
    deliver: Option<String>,
    at_start: bool,
) -> Outcome {
    let new = NewDirectory {
        owner: target.owner(),
        name: target.name().to_owned(),
        description,
        deliver,
        deliver_at_start: at_start,
    };
    let made = asking.ask(async |exchange| exchange.create_directory(&new).await)?;
    asking.confirm(&made, &format!("Created {}.", written(&made)))?;
    Ok(ExitCode::SUCCESS)
}

pub fn show(asking: &Asking, target: &Target) -> Outcome {
    let (directory, grants) = asking.ask(async |exchange| {
        let address = target.address(exchange).await?;
        let directory = exchange.directory(&address).await?;
        Ok((directory, exchange.grants(&address).await?))
    })?;
    let answer = json!({ "directory": directory, "grants": grants });
    asking.show(&answer, || {
        table(std::slice::from_ref(&directory), "").foot(grants_in_words(&grants, directory.may))
    })?;
    Ok(ExitCode::SUCCESS)
}

fn grants_in_words(grants: &[Grant], may: AccessLevel) -> String {
    if grants.is_empty() {
        return match may {
            AccessLevel::Admin => "Granted to nobody else.".to_owned(),
            _ => "Only admins of the directory see the grants to others.".to_owned(),
        };
    }
    let each = grants
        .iter()
        .map(|grant| format!("{} ({})", receiver(grant), grant.level));
    format!("Granted to {}.", each.collect::<Vec<_>>().join(", "))
}

fn receiver(grant: &Grant) -> String {
    let name = grant.name.as_deref().unwrap_or_default();
    match (grant.kind, grant.role) {
        (PrincipalKind::User, _) => name.to_owned(),
        (PrincipalKind::Group, _) => format!("the group {name}"),
        (PrincipalKind::Course, Some(role)) if role > Role::Student => {
            format!("{role}s of the course {name}")
        }
        (PrincipalKind::Course, _) => format!("members of the course {name}"),
        (PrincipalKind::Everybody, _) => "everybody".to_owned(),
    }
}

pub fn rename(asking: &Asking, target: &Target, name: &str) -> Outcome {
    let patch = DirectoryPatch {
        name: Some(name.to_owned()),
        ..DirectoryPatch::default()
    };
    let changed = asking.ask(async |exchange| {
        let address = target.address(exchange).await?;
        exchange.change_directory(&address, &patch).await
    })?;
    asking.confirm(&changed, &format!("Renamed to {}.", written(&changed)))?;
    Ok(ExitCode::SUCCESS)
}

pub fn delete(asking: &Asking, target: &Target) -> Outcome {
    let deleted = asking.ask(async |exchange| {
        let address = target.address(exchange).await?;
        let directory = exchange.directory(&address).await?;
        exchange.delete_directory(&address).await?;
        Ok(directory)
    })?;
    let sentence = format!(
        "Deleted {}. `nbcourier dir restore {}` brings it back until it is removed for good.",
        written(&deleted),
        deleted.id
    );
    asking.confirm(&json!({ "id": deleted.id }), &sentence)?;
    Ok(ExitCode::SUCCESS)
}

pub fn trash(asking: &Asking) -> Outcome {
    let found = asking.ask(async |exchange| exchange.deleted_directories().await)?;
    asking.show(&found, || {
        let rows = found.iter().map(|directory| {
            vec![
                directory.id.to_string(),
                written(directory),
                shown(directory.deleted_at),
            ]
        });
        let head = ["NUMBER", "DIRECTORY", "DELETED"];
        Table::new(&head, "No directory can be restored.").rows(rows)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The receivers of a grant
#[derive(clap::Args)]
struct Receivers {
    /// A person. Repeat it for several
    #[arg(long, value_name = "NAME", value_parser = crate::cli::user_name)]
    user: Vec<UserName>,
    /// A group of the hub. Repeat it for several
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// The members of a course. Repeat it for several
    #[arg(long, value_name = "COURSE", value_parser = crate::cli::course_id)]
    course: Vec<CourseId>,
    /// With --course, only members with at least that role
    #[arg(long, value_parser = role, requires = "course")]
    role: Option<Role>,
    /// Everybody on the hub
    #[arg(long)]
    everybody: bool,
}

fn role(text: &str) -> Result<Role, String> {
    Role::of_word(text).ok_or_else(|| "it is student, assistant or instructor".to_owned())
}

impl Receivers {
    fn list(&self) -> Vec<(PrincipalKind, Option<String>, Option<Role>)> {
        let users = self.user.iter();
        let users = users.map(|user| (PrincipalKind::User, Some(user.to_string()), None));
        let groups = self.group.iter();
        let groups = groups.map(|group| (PrincipalKind::Group, Some(group.clone()), None));
        let role = self.role.unwrap_or(Role::Student);
        let courses = self.course.iter();
        let courses =
            courses.map(|course| (PrincipalKind::Course, Some(course.to_string()), Some(role)));
        let everybody = self
            .everybody
            .then_some((PrincipalKind::Everybody, None, None));
        users
            .chain(groups)
            .chain(courses)
            .chain(everybody)
            .collect()
    }
}

#[derive(clap::Args)]
pub struct Share {
    /// The directory
    #[arg(value_name = DIRECTORY, value_parser = directory)]
    directory: Target,
    #[command(flatten)]
    to: Receivers,
    /// The level of access: read, write or admin
    #[arg(long, default_value = "read", value_parser = level)]
    level: AccessLevel,
}

#[derive(clap::Args)]
pub struct Unshare {
    /// The directory
    #[arg(value_name = DIRECTORY, value_parser = directory)]
    directory: Target,
    #[command(flatten)]
    from: Receivers,
    /// Remove all grants
    #[arg(long)]
    all: bool,
}

fn given(grant: &Grant) -> NewGrant {
    NewGrant {
        kind: grant.kind,
        name: grant.name.clone(),
        role: grant.role,
        level: grant.level,
    }
}

pub fn share(asking: &Asking, share: &Share) -> Outcome {
    let receivers = share.to.list();
    let grants = asking.ask(async |exchange| {
        let address = share.directory.address(exchange).await?;
        let known = exchange.grants(&address).await?;
        if receivers.is_empty() {
            return Ok(known);
        }
        let mut grants: Vec<NewGrant> = known.iter().map(given).collect();
        for (kind, name, role) in receivers {
            grants.retain(|grant| (grant.kind, &grant.name, grant.role) != (kind, &name, role));
            grants.push(NewGrant {
                kind,
                name,
                role,
                level: share.level,
            });
        }
        exchange.set_grants(&address, &NewGrants { grants }).await
    })?;
    show_grants(asking, &grants)
}

pub fn unshare(asking: &Asking, unshare: &Unshare) -> Outcome {
    let receivers = unshare.from.list();
    if receivers.is_empty() && !unshare.all {
        return Err(
            "Name the grants to remove, with --user, --group, --course, --everybody or --all"
                .into(),
        );
    }
    let grants = asking.ask(async |exchange| {
        let address = unshare.directory.address(exchange).await?;
        let known = exchange.grants(&address).await?;
        let is_removed = |grant: &Grant| {
            let this = (grant.kind, grant.name.clone(), grant.role);
            unshare.all || receivers.contains(&this)
        };
        if !known.iter().any(is_removed) && !unshare.all {
            return Err(Error::Impossible(
                "The directory has no such grant. `nbcourier dir share` without receivers shows its grants"
                    .to_owned(),
            ));
        }
        let kept = known.iter().filter(|grant| !is_removed(grant));
        let grants = kept.map(given).collect();
        exchange.set_grants(&address, &NewGrants { grants }).await
    })?;
    show_grants(asking, &grants)
}

fn show_grants(asking: &Asking, grants: &[Grant]) -> Outcome {
    asking.show(&grants, || {
        let rows = grants.iter().map(|grant| {
            vec![
                receiver(grant),
                grant.level.word().to_owned(),
                grant.granted_by.clone(),
                shown(Some(grant.granted_at)),
            ]
        });
        let head = ["GRANTED TO", "LEVEL", "BY", "AT"];
        Table::new(&head, "The directory is granted to nobody.").rows(rows)
    })?;
    Ok(ExitCode::SUCCESS)
}

pub fn copy(asking: &Asking, from: &Target, name: &str) -> Outcome {
    if !from.path.is_empty() {
        return Err(
            "Name the directory without a path. `nbcourier dir cp` copies within a directory"
                .into(),
        );
    }
    let new = NewCopy {
        name: name.to_owned(),
        version: from.version,
    };
    let copy = asking.ask(async |exchange| {
        let address = from.address(exchange).await?;
        exchange.copy_directory(&address, &new).await
    })?;
    asking.confirm(&copy, &format!("Created {}.", written(&copy)))?;
    Ok(ExitCode::SUCCESS)
}

pub fn versions(asking: &Asking, target: &Target) -> Outcome {
    let path = Some(target.path.as_str()).filter(|path| !path.is_empty());
    let versions = asking.ask(async |exchange| {
        let address = target.address(exchange).await?;
        exchange.directory_versions(&address, path).await
    })?;
    asking.show(&versions, || version_table(&versions))?;
    Ok(ExitCode::SUCCESS)
}

fn version_table(versions: &[DirectoryVersion]) -> Table {
    let rows = versions.iter().map(|version| {
        let texts = [&version.label, &version.message, &version.device];
        let texts: Vec<&str> = texts.into_iter().flatten().map(String::as_str).collect();
        vec![
            version.version.to_string(),
            shown(Some(version.made_at)),
            version.made_by.clone(),
            version.files.to_string(),
            size(version.bytes),
            texts.join(", "),
        ]
    });
    let head = ["VERSION", "MADE", "BY", "FILES", "SIZE", "NOTES"];
    Table::new(&head, "The path has not changed in any kept version.").rows(rows)
}

pub fn label(asking: &Asking, target: &Target, label: Option<String>) -> Outcome {
    let Some(version) = target.version.filter(|_| target.path.is_empty()) else {
        return Err("Name a version, such as algebra:materials@17".into());
    };
    let labelled = asking.ask(async |exchange| {
        let address = target.address(exchange).await?;
        exchange.label_version(&address, version, label).await
    })?;
    let sentence = match &labelled.label {
        Some(label) => format!("Version {version} has the label \"{label}\", and is kept."),
        None => format!("Version {version} has no label."),
    };
    asking.confirm(&labelled, &sentence)?;
    Ok(ExitCode::SUCCESS)
}

pub fn restore(asking: &Asking, what: &str) -> Outcome {
    if let Ok(number) = what.parse() {
        let restored = asking.ask(async |exchange| exchange.restore_directory(number).await)?;
        asking.confirm(&restored, &format!("Restored {}.", written(&restored)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let target = target(what)?;
    let Some(version) = target.version else {
        return Err(
            "Name a version, such as algebra:materials@17. `nbcourier dir versions` lists them; `nbcourier dir trash` \
             lists deleted directories"
                .into(),
        );
    };
    let committed = asking.ask(async |exchange| {
        let address = target.address(exchange).await?;
        if target.path.is_empty() {
            return exchange.restore_version(&address, version).await;
        }
        let changes = bring_back(exchange, &target, version).await?;
        exchange.commit(&address, &changes).await
    })?;
    let sentence = if committed.changed {
        format!(
            "Version {} of {} has {} as of version {version}.",
            committed.version,
            target.directory(),
            if target.path.is_empty() {
                "all files"
            } else {
                &target.path
            }
        )
    } else {
        format!("Nothing to restore: {target} is as it is now.")
    };
    asking.confirm(&committed, &sentence)?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the changes that make a path what it was in a version.
async fn bring_back(exchange: &Client, target: &Target, version: i64) -> Result<NewChanges, Error> {
    let address = target.address(exchange).await?;
    let filter = EntryFilter {
        version: Some(version),
        path: Some(&target.path),
        ..EntryFilter::default()
    };
    let (_, entries) = exchange.entries(&address, &filter).await?;
    let mut changes = vec![Operation::Remove {
        path: target.path.clone(),
        recursive: true,
        expected: Expected::Any,
    }];
    let is_file = entries
        .iter()
        .any(|entry| entry.path.as_str() == target.path);
    if !is_file {
        changes.push(Operation::Mkdir {
            path: target.path.clone(),
        });
    }
    for entry in entries {
        let path = entry.path.as_str().to_owned();
        changes.push(match entry.file {
            None => Operation::Mkdir { path },
            Some(file) => Operation::Put {
                path,
                sha256: file.sha256.to_string(),
                size: file.size,
                executable: Some(file.executable),
                expected: Expected::Any,
            },
        });
    }
    Ok(NewChanges {
        message: Some(format!("Restored {} from version {version}", target.path)),
        device: None,
        changes: changes.into(),
    })
}
