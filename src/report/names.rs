//! The identifiers that values of an enum have in reports, written down once: JSON, CSV, metrics, options and sentences all
//! take them from here.

/// Gives an enum all its values, their names, and the report's way of writing them.
macro_rules! named {
    ($kind:ident { $($value:ident $name:literal,)+ }) => {
        impl $kind {
            /// All of them, in the order in which they are declared.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$value),+];

            /// The identifier that reports have for it, which never changes its meaning.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)+
                }
            }
        }

        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    };
}

pub(super) use named;
