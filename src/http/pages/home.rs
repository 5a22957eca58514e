//! The page at the prefix: the reader's name, their courses, and how to configure nbgrader for this exchange.

use super::{Page, escape};
use crate::http::error::Result;
use crate::http::state::Prefix;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use nbcourier_auth::{Authenticator, Caller};
use nbcourier_domain::UserName;
use nbcourier_exchange::courses::CoursePage;
use nbcourier_exchange::{self as exchange, Exchange};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Maximum number of courses on the page.
const COURSES: usize = 1000;

/// Handles `GET` of the prefix: returns the page of the reader. A browser without a session is sent to the hub.
pub async fn home(
    request: HttpRequest,
    reader: Option<Caller>,
    authenticator: web::Data<Authenticator>,
    exchange: web::Data<Exchange>,
    prefix: web::Data<Prefix>,
) -> Result<HttpResponse> {
    let Some(reader) = reader else {
        return if authenticator.has_login() {
            Ok(to_login(&request, &prefix))
        } else {
            show(&prefix, None, &welcome(&address(&request, &prefix)))
        };
    };
    let courses = exchange::courses::list(&exchange, &reader, None, COURSES).await?;
    let former = exchange::accounts::set_aside_from(&exchange, &reader).await?;
    let notice = set_aside_notice(&reader, &former, &authenticator.admins());
    let body = body(
        &reader,
        &notice,
        &courses,
        &address(&request, &prefix),
        &prefix,
    );
    show(&prefix, Some(&reader), &body)
}

fn show(prefix: &Prefix, reader: Option<&Caller>, body: &str) -> Result<HttpResponse> {
    let tokens = reader.and_then(Caller::page_tokens);
    let page = Page {
        title: "nbcourier",
        prefix: &prefix.0,
        reading_token: tokens.map(|tokens| tokens.reading.as_str()),
    };
    page.around(body)
}

/// Redirects to the login, which leads back to the requested page.
fn to_login(request: &HttpRequest, prefix: &Prefix) -> HttpResponse {
    let next = utf8_percent_encode(&request.uri().to_string(), NON_ALPHANUMERIC).to_string();
    let login = format!("{}login?next={next}", prefix.0);
    HttpResponse::Found()
        .insert_header((LOCATION, login))
        .finish()
}

/// Returns the address by which this request reached the service, without the final slash. Clients are configured with
/// it.
fn address(request: &HttpRequest, prefix: &Prefix) -> String {
    let connection = request.connection_info();
    let address = format!(
        "{}://{}{}",
        connection.scheme(),
        connection.host(),
        prefix.0
    );
    address.trim_end_matches('/').to_owned()
}

fn body(
    caller: &Caller,
    notice: &str,
    courses: &CoursePage,
    address: &str,
    prefix: &Prefix,
) -> String {
    let name = escape(caller.name().as_str()).into_owned();
    let admin = if caller.is_admin() {
        ", an administrator of this exchange"
    } else {
        ""
    };
    let logout = caller.page_tokens().map_or_else(String::new, |tokens| {
        format!(
            "<form method=\"post\" action=\"{}logout\"><input type=\"hidden\" name=\"csrf_token\" value=\"{}\">\
             <button>Log out</button></form>\n",
            escape(&prefix.0),
            escape(&tokens.writing)
        )
    });
    format!(
        "<h1>nbcourier</h1>\n<p class=\"who\">You are <strong>{name}</strong>{admin}.</p>\n{notice}{logout}\
         <h2>Your courses</h2>\n{}{}",
        course_table(courses, caller.is_admin()),
        instructions(address)
    )
}

/// Returns the notice for a person whose account on the hub was created anew. It says that their work is not lost.
fn set_aside_notice(reader: &Caller, former: &[UserName], admins: &[&str]) -> String {
    if former.is_empty() {
        return String::new();
    }
    let days: Vec<&str> = former.iter().filter_map(UserName::set_aside_on).collect();
    let whom = if admins.is_empty() {
        "the administrators of this JupyterHub".to_owned()
    } else {
        format!("an administrator of this exchange ({})", admins.join(", "))
    };
    format!(
        "<p class=\"notice\">Work of an earlier account named <strong>{}</strong> was set aside on {}, because the \
         JupyterHub has made the account anew. Nothing of it is lost. If that account was yours, ask {} to give the work \
         back to you.</p>\n",
        escape(reader.name().as_str()),
        escape(&days.join(", ")),
        escape(&whom)
    )
}

fn course_table(page: &CoursePage, is_admin: bool) -> String {
    if page.courses.is_empty() {
        return "<p>You are in no course yet. Your instructor can enrol you; after that, reload this page.</p>\n".into();
    }
    let mut rows = String::new();
    for course in &page.courses {
        let role = match course.role {
            Some(role) => role.word(),
            None if is_admin => "administrator",
            None => "registrar",
        };
        rows.extend([
            "<tr><td>",
            &escape(&course.name),
            "</td><td>",
            role,
            "</td></tr>\n",
        ]);
    }
    let more = if page.next.is_some() {
        "<p>There are more courses than these. <code>nbcourier course list</code> shows all of them.</p>\n"
    } else {
        ""
    };
    format!("<table>\n<tr><th>Course</th><th>You are</th></tr>\n{rows}</table>\n{more}")
}

fn instructions(address: &str) -> String {
    // The address is a Python string inside a page: it is first quoted for Python, then escaped for HTML.
    let quoted = serde_json::Value::from(address).to_string();
    format!(
        "<h2>Point nbgrader here</h2>\n<p>With the package <code>nbcourier</code> installed beside nbgrader, put this \
         into <code>nbgrader_config.py</code>:</p>\n<pre><code>import nbcourier\n\
         nbcourier.configure(get_config(), {})\n</code></pre>\n<p class=\"quiet\">In a notebook server that this \
         JupyterHub started, <code>nbcourier.configure(get_config())</code> finds the address by itself.</p>\n\
         <p class=\"quiet\">The older package <code>ngshare_exchange</code> works, too: \
         <code>from ngshare_exchange import configureExchange</code> and \
         <code>configureExchange(get_config(), {})</code>.</p>\n",
        escape(&quoted),
        escape(&quoted)
    )
}

fn welcome(address: &str) -> String {
    format!(
        "<h1>nbcourier</h1>\n<p class=\"who\">The exchange runs stand-alone, for trying it out: everybody is who they \
         say they are.</p>\n<p>Add <code>?user=NAME</code> to the address to see somebody's page.</p>\n{}\
         <p>The client's name is its token: <code>JUPYTERHUB_API_TOKEN=NAME nbgrader list</code>.</p>\n",
        instructions(address)
    )
}
