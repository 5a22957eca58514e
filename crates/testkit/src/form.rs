//! Form bodies in both encodings.

/// The fields in the order in which they are sent.
#[derive(Clone, Debug, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn urlencoded(&self) -> Vec<u8> {
        let pairs: Vec<String> = self
            .fields
            .iter()
            .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
            .collect();
        pairs.join("&").into_bytes()
    }

    /// Returns `multipart/form-data` with [`Form::BOUNDARY`] between the parts.
    pub fn multipart(&self) -> Vec<u8> {
        let mut body = String::new();
        for (name, value) in &self.fields {
            body.push_str(&format!(
                "--{}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n",
                Self::BOUNDARY
            ));
        }
        body.push_str(&format!("--{}--\r\n", Self::BOUNDARY));
        body.into_bytes()
    }

    pub const BOUNDARY: &str = "between-the-parts";
}

/// Encodes everything but unreserved characters as `%XX`; a blank as `%20`, which is valid in paths and in forms.
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
