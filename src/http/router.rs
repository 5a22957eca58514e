//! Puts the route table into the router of actix-web, with the middleware of each kind of address.

use super::handler::any;
use super::middleware::{authenticate, problem_json, rate_limit};
use super::ngshare;
use super::pages::failure;
use super::routes::{Access, Address, REST_OF_PATH, Reply, Served, routes};
use super::server::Settings;
use super::state::{Debugging, Prefix, Retention};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Resource, Route, Scope};
use std::collections::HashSet;

/// Registers all addresses with their middleware. `more` has addresses that only tests have.
pub(super) fn configure(
    service: &mut ServiceConfig,
    settings: &Settings,
    with_metrics: bool,
    more: Vec<Address>,
) {
    let prefix = &settings.prefix;
    let standalone = !settings.authenticator.has_login();
    service
        .app_data(Data::new(settings.exchange.clone()))
        .app_data(Data::new(settings.authenticator.clone()))
        .app_data(Data::new(settings.receipts.clone()))
        .app_data(Data::new(settings.tickets.clone()))
        .app_data(Data::new(settings.instance.clone()))
        .app_data(Data::new(settings.materials.clone()))
        .app_data(Data::new(Prefix(prefix.clone())))
        .app_data(Data::new(Debugging(settings.debug)))
        .app_data(Data::new(Retention(settings.retention)))
        .app_data(web::FormConfig::default().limit(64 * 1024));
    let table = routes().into_iter().chain(more);
    let (behind, open): (Vec<_>, Vec<_>) =
        table.partition(|address| address.access == Access::Caller);
    // The router tries one address after the other. The APIs come before the pages, since they get most requests.
    for (segment, below) in by_first_segment(resources(behind)) {
        let path = format!("{prefix}{segment}");
        service.service(behind_callers(add_resources(web::scope(&path), below)));
    }
    // With the prefix `/`, the paths at the root are the same.
    let mut known = HashSet::new();
    let open = open.into_iter().filter_map(|address| {
        let whole = match address.path.strip_prefix('/') {
            Some(path) => format!("/{path}"),
            None => format!("{prefix}{}", address.path),
        };
        let is_served = match address.served {
            Served::Always => true,
            Served::WithMetrics => with_metrics,
            Served::WithoutHub => standalone,
        };
        let is_new = is_served && known.insert((address.method, whole.clone()));
        is_new.then_some((whole, address))
    });
    for (whole, access, reply, routes) in by_path(open) {
        let resource = open_resource(&whole.replace("{path}", REST_OF_PATH), routes);
        match (access, reply) {
            (Access::Page, Reply::Short) => service.service(page_resource(resource)),
            (Access::Page, Reply::Files) => {
                service.service(page_resource(resource.wrap(from_fn(rate_limit::reply))))
            }
            (Access::Page, Reply::Compressed) => service.service(page_resource(
                resource
                    .wrap(Compress::default())
                    .wrap(from_fn(rate_limit::reply)),
            )),
            (_, Reply::Compressed) => service.service(resource.wrap(Compress::default())),
            _ => service.service(resource),
        };
    }
    if prefix != "/" {
        let home = prefix.clone();
        let bare = prefix.trim_end_matches('/').to_owned();
        let to_home = any(move || {
            let home = home.clone();
            async move {
                HttpResponse::Found()
                    .insert_header((header::LOCATION, home))
                    .finish()
            }
        });
        service.service(open_resource(&bare, vec![web::get().to(to_home)]));
    }
    // All other paths below the prefix.
    service.service(behind_callers(web::scope(prefix.trim_end_matches('/'))));
    service.default_service(web::to(any(ngshare::no_such_path)));
}

/// A resource of the APIs without its path, and how its replies grow.
type Behind = (Vec<Route>, Reply);

/// Returns the routes of each path of the APIs, and how its replies grow.
fn resources(addresses: Vec<Address>) -> Vec<(String, Behind)> {
    let mut by_path: Vec<(String, Behind)> = Vec::new();
    for address in addresses {
        match by_path.iter_mut().find(|(path, _)| *path == address.path) {
            Some((_, (routes, reply))) => {
                *reply = address.reply.max(*reply);
                routes.push(address.route);
            }
            None => by_path.push((
                address.path.to_owned(),
                (vec![address.route], address.reply),
            )),
        }
    }
    by_path
}

/// The number of paths with the same beginning from which on the router finds the beginning first.
const MANY: usize = 4;

/// Returns the paths by their first segment, without it. The rest is empty or begins with `/`.
fn by_first_segment<T>(paths: Vec<(String, T)>) -> Vec<(String, Vec<(String, T)>)> {
    let mut groups: Vec<(String, Vec<(String, T)>)> = Vec::new();
    for (path, value) in paths {
        let path = path.trim_start_matches('/');
        let (first, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
        let rest = (rest.to_owned(), value);
        match groups.iter_mut().find(|(segment, _)| segment == first) {
            Some((_, group)) => group.push(rest),
            None => groups.push((first.to_owned(), vec![rest])),
        }
    }
    groups
}

/// Adds the resources to the scope, as a tree where many paths have the same beginning. The router compares each path
/// with a regular expression if it has a parameter, and with a text if it has none.
fn add_resources(mut scope: Scope, paths: Vec<(String, Behind)>) -> Scope {
    for (segment, mut below) in by_first_segment(paths) {
        if below.len() < MANY {
            for (rest, behind) in below {
                let path = match segment.as_str() {
                    "" => rest,
                    segment => format!("/{segment}{rest}"),
                };
                scope = add_resource(scope, &path, behind);
            }
        } else {
            let inner = web::scope(&format!("/{segment}"));
            let inner = add_resources(inner, std::mem::take(&mut below));
            scope = scope.service(inner.default_service(web::to(any(ngshare::no_such_path))));
        }
    }
    scope
}

fn add_resource(scope: Scope, path: &str, (routes, reply): Behind) -> Scope {
    let resource = open_resource(&path.replace("{path}", REST_OF_PATH), routes);
    match reply {
        Reply::Compressed => scope.service(
            resource
                .wrap(Compress::default())
                .wrap(from_fn(rate_limit::reply)),
        ),
        Reply::Files => scope.service(resource.wrap(from_fn(rate_limit::reply))),
        Reply::Short => scope.service(resource),
    }
}

/// Returns the scope for callers only. A path in it that matches no resource is answered, too.
fn behind_callers(
    scope: Scope,
) -> Scope<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    scope
        .default_service(web::to(any(ngshare::no_such_path)))
        .wrap(from_fn(rate_limit::open))
        .wrap(from_fn(authenticate::identify))
        .wrap(from_fn(problem_json::below_v1))
}

/// Returns the routes of each path outside the APIs, in the order of the table, and how its replies grow.
fn by_path(
    addresses: impl Iterator<Item = (String, Address)>,
) -> Vec<(String, Access, Reply, Vec<Route>)> {
    let mut paths: Vec<(String, Access, Reply, Vec<Route>)> = Vec::new();
    for (whole, address) in addresses {
        let (access, route, reply) = (address.access, address.route, address.reply);
        match paths.iter_mut().find(|(path, ..)| *path == whole) {
            Some((_, _, grown, routes)) => {
                *grown = reply.max(*grown);
                routes.push(route);
            }
            None => paths.push((whole, access, reply, vec![route])),
        }
    }
    paths
}

/// Returns the resource of a page, which knows its reader and shows errors as pages.
fn page_resource<S, B>(
    resource: Resource<S>,
) -> Resource<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    > + use<S, B>,
>
where
    S: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    resource
        .wrap(from_fn(rate_limit::open))
        .wrap(from_fn(authenticate::identify_reader))
        .wrap(from_fn(failure::shown))
}

/// Returns a resource that needs no caller.
fn open_resource(path: &str, routes: Vec<Route>) -> Resource {
    routes
        .into_iter()
        .fold(web::resource(path), Resource::route)
        .default_service(web::to(any(ngshare::no_such_method)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_shares_its_first_segment_with_an_address_of_the_apis() {
        let first = |address: &Address| {
            let path = address.path.trim_start_matches('/');
            path.split('/').next().unwrap_or_default()
        };
        let (behind, open): (Vec<_>, Vec<_>) = routes()
            .into_iter()
            .partition(|address| address.access == Access::Caller);
        let apis: HashSet<_> = behind.iter().map(first).collect();
        assert!(apis.contains("courses") && apis.contains("v1"), "{apis:?}");
        for address in &open {
            // The APIs come first in the router, so nothing else is found below their segments.
            assert!(!apis.contains(first(address)), "{}", address.path);
        }
    }

    #[test]
    fn paths_are_grouped_by_their_first_segment() {
        let paths = ["a", "a/{x}", "b/{x}/c", "a/{x}/d"];
        let groups = by_first_segment(paths.map(|path| (path.to_owned(), ())).into());
        let groups: Vec<_> = groups
            .iter()
            .map(|(first, rests)| {
                let rests = rests.iter().map(|(rest, ())| rest.as_str());
                (first.as_str(), rests.collect::<Vec<_>>())
            })
            .collect();
        assert_eq!(
            groups,
            [("a", vec!["", "/{x}", "/{x}/d"]), ("b", vec!["/{x}/c"])]
        );
    }
}
