"""Who views the page: a signed-in user or, only on this machine, any account picked there."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

import streamlit as st

# Settings Streamlit's sign-in requires, for the page and for each provider.
PAGE_SETTINGS = ("redirect_uri", "cookie_secret")
PROVIDER_SETTINGS = ("client_id", "client_secret", "server_metadata_url")

HOW_TO = "docs/operating.md describes how to set it up, under “Sign-in”."


class SignInError(Exception):
    """Sign-in is only partly configured, or missing on a page other machines can reach. The message says what to do."""


def sign_in_providers() -> dict[str, str | None]:
    """The OpenID Connect providers configured under `[auth]` in Streamlit's secrets.

    Returns:
        Names for `st.login`, by the text of their button; empty without sign-in.

    Raises:
        SignInError: a setting is missing.
    """
    auth = st.secrets.get("auth") if st.secrets.load_if_toml_exists() else None
    if auth is None:
        return {}
    _check_complete("auth", auth, PAGE_SETTINGS)
    named = {name: provider for name, provider in auth.items() if isinstance(provider, Mapping) and "client_id" in provider}
    if not named:
        _check_complete("auth", auth, PROVIDER_SETTINGS)
        return {"Sign in": None}
    for name, provider in named.items():
        _check_complete(f"auth.{name}", provider, PROVIDER_SETTINGS)
    return {f"Sign in with {name.capitalize()}": name for name in named}


def _check_complete(section: str, settings: Mapping[str, Any], names: tuple[str, ...]) -> None:
    if missing := [name for name in names if not settings.get(name)]:
        raise SignInError(f"Sign-in is not complete: [{section}] in secrets.toml lacks {', '.join(missing)}. {HOW_TO}")


def check_address(address: str | None, has_sign_in: bool) -> None:
    """Refuses to serve other machines without sign-in.

    Args:
        address: the address the server listens on; None for all addresses.
        has_sign_in: whether sign-in is configured.

    Raises:
        SignInError: other machines can reach the page, and sign-in is not configured.
    """
    if not has_sign_in and not is_loopback(address):
        raise SignInError(
            f"Without sign-in the page shows every account to anyone who reaches it, so it listens only on loopback (127.0.0.1), "
            f"not on {address or 'every address'}. {HOW_TO}"
        )


def is_loopback(address: str | None) -> bool:
    """Whether only this machine can reach an address."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def signed_in_email() -> str | None:
    """The signed-in user's email address; None if the provider gives none or has not verified it."""
    if st.user.get("email_verified", True) in (False, "false"):
        return None
    email = st.user.get("email")
    return email if isinstance(email, str) else None
