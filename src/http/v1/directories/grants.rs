//! `v1/directories/{owner}/{directory}/grants`

use crate::http::error::{Error, Result};
use crate::http::reply::listing::Listing;
use crate::http::request::directory_path::InDirectory;
use crate::http::request::json::JsonBody;
use actix_web::web;
use nbcourier_api::{Grant, Grants, NewGrant, NewGrants, PrincipalKind};
use nbcourier_auth::Caller;
use nbcourier_domain::{AccessLevel, CourseId, Principal, Rfc3339, Role, UserName};
use nbcourier_exchange::Exchange;
use nbcourier_exchange::directories::sharing::{self, GrantView};

/// `GET v1/directories/{owner}/{directory}/grants`
pub async fn list(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InDirectory(address): InDirectory,
) -> Result<Listing<Grants>> {
    let (_, grants) = sharing::list(&exchange, &caller, address).await?;
    Listing::of(grants.len(), move || shown(grants)).await
}

/// `PUT v1/directories/{owner}/{directory}/grants`
pub async fn replace(
    exchange: web::Data<Exchange>,
    caller: Caller,
    InDirectory(address): InDirectory,
    body: JsonBody<NewGrants>,
) -> Result<web::Json<Grants>> {
    // A stranger learns nothing by a wrong body.
    sharing::list(&exchange, &caller, address.clone()).await?;
    let new = body.read_long().await?;
    let wanted = new.grants.iter().map(parse);
    let wanted = wanted.collect::<Result<Vec<_>>>()?;
    let grants = sharing::replace(&exchange, &caller, address, wanted).await?;
    Ok(web::Json(shown(grants)))
}

fn parse(new: &NewGrant) -> Result<(Principal, AccessLevel)> {
    let named = |what: &str| {
        let name = new.name.clone().filter(|name| !name.is_empty());
        name.ok_or_else(|| Error::bad(format!("A grant to a {what} has the name of the {what}")))
    };
    if new.kind != PrincipalKind::Course && new.role.is_some() {
        return Err(Error::bad("Only a grant to a course has a role"));
    }
    if new.kind == PrincipalKind::Everybody && new.name.is_some() {
        return Err(Error::bad("A grant to everybody has no name"));
    }
    let to = match new.kind {
        PrincipalKind::User => Principal::Person(UserName::parse(named("user")?)?),
        PrincipalKind::Group => Principal::Group(named("group")?),
        PrincipalKind::Course => Principal::Course(
            CourseId::parse(named("course")?)?,
            new.role.unwrap_or(Role::Student),
        ),
        PrincipalKind::Everybody => Principal::Everybody,
    };
    Ok((to, new.level))
}

fn shown(grants: Vec<GrantView>) -> Grants {
    let grants = grants.into_iter().map(|grant| {
        let (kind, name, role) = match grant.to {
            Principal::Person(person) => {
                (PrincipalKind::User, Some(person.as_str().to_owned()), None)
            }
            Principal::Group(group) => (PrincipalKind::Group, Some(group), None),
            Principal::Course(course, role) => (
                PrincipalKind::Course,
                Some(course.as_str().to_owned()),
                Some(role),
            ),
            Principal::Everybody => (PrincipalKind::Everybody, None, None),
        };
        Grant {
            kind,
            name,
            role,
            level: grant.level,
            granted_by: grant.by,
            granted_at: Rfc3339(grant.at),
        }
    });
    Grants {
        grants: grants.collect(),
    }
}
