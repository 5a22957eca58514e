//! The page at the prefix itself: who you are, where you are, and how to get nbgrader here.

use super::{escape, page};
use crate::auth::{AuthError, Authenticator, Caller};
use crate::domain::Role;
use crate::exchange::{self, Exchange, courses::Visible};
use crate::http::error::Result;
use crate::http::identify;
use crate::http::server::Prefix;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// `GET` the prefix: the page of a person; a browser that is not logged in is sent to the hub.
pub async fn home(
    request: HttpRequest,
    authenticator: web::Data<Authenticator>,
    exchange: web::Data<Exchange>,
    prefix: web::Data<Prefix>,
) -> Result<HttpResponse> {
    match authenticator.authenticate(&request, None).await {
        Ok(caller) => {
            identify::note(&exchange, &caller).await?;
            let courses = exchange::courses::list(&exchange, &caller).await?;
            Ok(page(
                "nbcourier",
                &prefix.0,
                &body(&caller, &courses, &address(&request, &prefix), &prefix),
            ))
        }
        Err(AuthError::Anonymous) if authenticator.has_login() => {
            // What was asked for is where the login ends.
            let next =
                utf8_percent_encode(&request.uri().to_string(), NON_ALPHANUMERIC).to_string();
            let login = format!("{}login?next={next}", prefix.0);
            Ok(HttpResponse::Found()
                .insert_header((LOCATION, login))
                .finish())
        }
        Err(AuthError::Anonymous) => Ok(page(
            "nbcourier",
            &prefix.0,
            &welcome(&address(&request, &prefix)),
        )),
        Err(error) => Err(error.into()),
    }
}

/// The address by which this request reached us, without the slash at its end, as clients are configured with it.
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

fn body(caller: &Caller, courses: &[Visible], address: &str, prefix: &Prefix) -> String {
    let name = escape(caller.name().as_str()).into_owned();
    let admin = if caller.is_admin() {
        ", an administrator of this exchange"
    } else {
        ""
    };
    let logout = caller.csrf_token().map_or_else(String::new, |token| {
        format!(
            "<form method=\"post\" action=\"{}logout\"><input type=\"hidden\" name=\"csrf_token\" value=\"{}\">\
             <button>Log out</button></form>\n",
            escape(&prefix.0),
            escape(token)
        )
    });
    format!(
        "<h1>nbcourier</h1>\n<p class=\"who\">You are <strong>{name}</strong>{admin}.</p>\n{logout}\
         <h2>Your courses</h2>\n{}{}",
        course_table(courses),
        instructions(address)
    )
}

fn course_table(courses: &[Visible]) -> String {
    if courses.is_empty() {
        return "<p>You are in no course yet. Your instructor can enrol you; after that, reload this page.</p>\n".into();
    }
    let mut rows = String::new();
    for course in courses {
        let role = match course.role {
            Some(Role::Instructor) => "instructor",
            Some(Role::Student) => "student",
            None => "administrator",
        };
        rows.extend([
            "<tr><td>",
            &escape(&course.name),
            "</td><td>",
            role,
            "</td></tr>\n",
        ]);
    }
    format!("<table>\n<tr><th>Course</th><th>You are</th></tr>\n{rows}</table>\n")
}

fn instructions(address: &str) -> String {
    // A Python string in a page: quoted for the one, then escaped for the other.
    let quoted = serde_json::Value::from(address).to_string();
    format!(
        "<h2>Point nbgrader here</h2>\n<p>With the package <code>ngshare_exchange</code> installed beside nbgrader, put \
         this into <code>nbgrader_config.py</code>:</p>\n<pre><code>from ngshare_exchange import configureExchange\n\
         configureExchange(get_config(), {})\n</code></pre>\n<p class=\"quiet\">From inside a notebook server the \
         JupyterHub may be reached by another host name; the path stays the same.</p>\n",
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
