//! The question whether a bucket keeps earlier versions of its objects.

use super::fault::{Fault, FaultKind};
use super::{Bucket, RemoteBlobs};
use object_store::ClientOptions;
use object_store::aws::AwsAuthorizer;
use object_store::client::{HttpConnector as _, HttpRequest, ReqwestConnector};
use std::time::Duration;

/// Time for the whole request.
const PATIENCE: Duration = Duration::from_secs(10);
/// The region of requests without one.
const USUAL_REGION: &str = "us-east-1";

/// Whether a bucket keeps earlier versions of its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versioning {
    /// It keeps them.
    On,
    /// It keeps none.
    Off,
}

impl Bucket {
    /// Returns the URL of the bucket itself.
    fn url(&self) -> String {
        let region = self.region.as_deref().unwrap_or(USUAL_REGION);
        match &self.endpoint {
            Some(endpoint) => format!("{}/{}", endpoint.trim_end_matches('/'), self.name),
            None if self.name.contains('.') => {
                format!("https://s3.{region}.amazonaws.com/{}", self.name)
            }
            None => format!("https://{}.s3.{region}.amazonaws.com/", self.name),
        }
    }
}

impl RemoteBlobs {
    /// Asks whether the bucket keeps earlier versions
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html>).
    pub fn versioning(&self) -> Result<Versioning, Fault> {
        let (connection, bucket) = (self.inner.connection.clone(), self.inner.bucket.clone());
        let asking = async move {
            let failed = |error: String| Fault::new(FaultKind::Failed, error);
            let credentials = connection.checking().credentials();
            let credential = credentials
                .get_credential()
                .await
                .map_err(|error| Fault::of(&error))?;
            let mut request = HttpRequest::new(bytes::Bytes::new().into());
            let url = format!("{}?versioning=", bucket.url());
            *request.uri_mut() = url
                .parse()
                .map_err(|_| failed("the endpoint is no URL".to_owned()))?;
            let region = bucket.region.as_deref().unwrap_or(USUAL_REGION);
            AwsAuthorizer::new(&credential, "s3", region)
                .try_authorize(&mut request, None)
                .map_err(|error| Fault::of(&error))?;
            let options = ClientOptions::new()
                .with_timeout(PATIENCE)
                .with_allow_http(bucket.allow_http);
            let client = ReqwestConnector::default()
                .connect(&options)
                .map_err(|error| Fault::of(&error))?;
            let response = client.execute(request).await;
            let response = response.map_err(|error| failed(error.to_string()))?;
            let status = response.status();
            let body = response.into_body().bytes().await;
            let body = body.map_err(|error| failed(error.to_string()))?;
            if !status.is_success() {
                return Err(failed(format!("it answered {status}")));
            }
            let text = String::from_utf8_lossy(&body);
            Ok(if text.contains("<Status>Enabled</Status>") {
                Versioning::On
            } else {
                Versioning::Off
            })
        };
        self.inner.connection.wait(asking)
    }
}
