//! The encoder and decoder of blocks of base64.

use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use std::sync::LazyLock;

/// The engine with the vector instructions of this processor, if it has them.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
type Fastest = base64::engine::simd::Simd;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Fastest = base64::engine::GeneralPurpose;

/// The standard alphabet. Requires padding, but ignores the bits behind the last byte, as Python does.
pub static ENGINE: LazyLock<Fastest> = LazyLock::new(|| {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true);
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    return Fastest::standard(config);
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    return Fastest::new(&base64::alphabet::STANDARD, config);
});
