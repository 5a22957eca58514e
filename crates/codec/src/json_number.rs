//! The grammar of JSON numbers, byte by byte.

/// The position in a number, named after the byte that was read last.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Minus,
    LeadingZero,
    Digits,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

impl Number {
    /// Returns the position after the first byte, or `None` if no number begins with it.
    pub(super) fn begin(byte: u8) -> Option<Self> {
        match byte {
            b'-' => Some(Self::Minus),
            b'0' => Some(Self::LeadingZero),
            b'1'..=b'9' => Some(Self::Digits),
            _ => None,
        }
    }

    /// Returns the position after the next byte, or `None` if the byte does not belong to the number.
    pub(super) fn then(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Minus, _) => Self::begin(byte).filter(|_| byte != b'-'),
            (Self::Digits, b'0'..=b'9') => Some(Self::Digits),
            (Self::LeadingZero | Self::Digits, b'.') => Some(Self::Point),
            (Self::Point | Self::Fraction, b'0'..=b'9') => Some(Self::Fraction),
            (Self::LeadingZero | Self::Digits | Self::Fraction, b'e' | b'E') => {
                Some(Self::Exponent)
            }
            (Self::Exponent, b'+' | b'-') => Some(Self::ExponentSign),
            (Self::Exponent | Self::ExponentSign | Self::ExponentDigits, b'0'..=b'9') => {
                Some(Self::ExponentDigits)
            }
            _ => None,
        }
    }

    /// Whether the number may end here.
    pub(super) fn is_complete(self) -> bool {
        match self {
            Self::LeadingZero | Self::Digits | Self::Fraction | Self::ExponentDigits => true,
            Self::Minus | Self::Point | Self::Exponent | Self::ExponentSign => false,
        }
    }
}
