//! Binary formats write the length of a sequence before it: every type has to know its own.

use crdt::*;
use serde::ser::*;
use std::fmt;

/// A format that writes nothing, and refuses a sequence of unknown length.
struct Prefixed;

fn known(length: Option<usize>) -> Result<Prefixed, fmt::Error> {
    length.map(|_| Prefixed).ok_or(fmt::Error)
}

macro_rules! scalars {
    ($($name:ident: $type:ty,)*) => {
        $(
            fn $name(self, _: $type) -> Result<(), fmt::Error> {
                Ok(())
            }
        )*
    };
}

impl Serializer for Prefixed {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Impossible<(), fmt::Error>;
    type SerializeMap = Impossible<(), fmt::Error>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), fmt::Error>;

    scalars! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_char: char,
        serialize_str: &str,
        serialize_bytes: &[u8],
        serialize_unit_struct: &'static str,
    }

    fn serialize_none(self) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
    ) -> Result<(), fmt::Error> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, fmt::Error> {
        known(length)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, fmt::Error> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, fmt::Error> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, fmt::Error> {
        Err(fmt::Error) // no type here is one: see the crate's README on keys
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, fmt::Error> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, fmt::Error> {
        Err(fmt::Error)
    }
}

/// What is within has to know its length as well.
macro_rules! compounds {
    ($($trait:ident::$method:ident($($name:ty)?),)*) => {
        $(
            impl $trait for Prefixed {
                type Ok = ();
                type Error = fmt::Error;

                fn $method<T: Serialize + ?Sized>(
                    &mut self,
                    $(_: $name,)?
                    value: &T,
                ) -> Result<(), fmt::Error> {
                    value.serialize(Prefixed)
                }

                fn end(self) -> Result<(), fmt::Error> {
                    Ok(())
                }
            }
        )*
    };
}

compounds! {
    SerializeSeq::serialize_element(),
    SerializeTuple::serialize_element(),
    SerializeTupleStruct::serialize_field(),
    SerializeStruct::serialize_field(&'static str),
}

fn is_prefixed<T: Serialize + Default>(value: &T) {
    assert_eq!(T::default().serialize(Prefixed), Ok(()));
    assert_eq!(value.serialize(Prefixed), Ok(()));
}

#[test]
fn every_type_knows_its_lengths() {
    let mut counter = PNCounter::<u8>::new();
    counter.increment(&1, 1);
    is_prefixed(&counter);
    is_prefixed(&(0..1000).collect::<GSet<u16>>());
    let mut two = TwoPhaseSet::new();
    two.insert(1);
    two.remove(&1);
    is_prefixed(&two);
    let mut set = OrSet::new();
    set.add(&1, 2);
    is_prefixed(&set);
    is_prefixed(&set.remove(&2));
    let mut register = LwwRegister::<u8, u8>::new();
    register.write(1, &1, 1);
    is_prefixed(&register);
    let mut values = MvRegister::new();
    values.write(&1, 2);
    is_prefixed(&values);
    let mut flag = EwFlag::new();
    flag.enable(&1);
    is_prefixed(&flag);
    let mut settings = LwwMap::<u8, u8, u8>::new();
    settings.insert(1, &1, 1, 1);
    settings.remove(1, &1, 2);
    is_prefixed(&settings);
    let mut map: OrMap<u8, OrSet<u8, u8>> = OrMap::new();
    is_prefixed(&map.update(&1, 1, |set, me| set.add(me, 1)));
    is_prefixed(&map.remove(&1));
    is_prefixed(&Max::new(1));
    is_prefixed(&Min::new(1));
}
