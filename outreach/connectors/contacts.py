"""Contacts: the normal form of an address, and its keyed hash, which identifies the contact everywhere else."""

from __future__ import annotations

import hashlib
import hmac
import os
import re

import duckdb

from outreach.macros import call

_BLOCK = 64

# Blanks, and the signs people write between digits.
_BETWEEN_DIGITS = r"\s\x{b}\x{85}\p{Z}+().\-"


def contact_key() -> bytes:
    """The secret key of contact ids, from the variable OUTREACH_CONTACT_KEY. An empty key is a key."""
    return os.environ.get("OUTREACH_CONTACT_KEY", "").encode()


def normal_form(address: str) -> str:
    """An address in its normal form: `+` and digits, or lower case, without a scheme.

    Args:
        address: a phone number or any other address, such as `whatsapp:+15550100001`.
    """
    bare = re.sub("^[A-Za-z]+:", "", address.strip())
    if re.fullmatch(r"[\s+().\-]*[0-9][\s+().0-9\-]*", bare):
        return "+" + re.sub("[^0-9]", "", bare)
    return bare.lower()


def contact_id(address: str, key: bytes) -> str:
    """A contact's id: the first 32 hexadecimal digits of HMAC-SHA-256 (RFC 2104) over the normal form of its address.

    Args:
        address: the address as written.
        key: the secret key.
    """
    return hmac.new(key, normal_form(address).encode(), hashlib.sha256).hexdigest()[:32]


def add_contact_macros(db: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Adds the SQL macros `address(text)`, the normal form, and `contact_id(address)` to a connection.

    The key is held only in variables of the connection, so that it appears in no query text.

    Args:
        db: the connection.
        key: the secret key.
    """
    padded = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    for name, pad in (("inner", 0x36), ("outer", 0x5C)):
        db.execute(f"set variable {name}_pad = $1", [bytes(byte ^ pad for byte in padded)])
    bare = f"regexp_replace({call('trimmed', 'value')}, '^[A-Za-z]+:', '')"
    db.execute(f"""
        create temp macro address(value) as case
            -- Most are normal already, and looking costs a fifth of rewriting.
            when regexp_full_match(value, '\\+[0-9]+') then value
            when regexp_full_match({bare}, '[{_BETWEEN_DIGITS}]*[0-9][{_BETWEEN_DIGITS}0-9]*')
                then '+' || regexp_replace({bare}, '[^0-9]', '', 'g')
            else lower({bare})
        end;
        create temp macro contact_id(normal_form) as left(
            sha256(getvariable('outer_pad') || unhex(sha256(getvariable('inner_pad') || encode(normal_form)))), 32
        );
    """)
