"""Who looks at the page: somebody who signed in, or, on this machine alone, whoever is chosen."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

import streamlit as st

# What Streamlit's sign-in needs to know, of the page and of each provider.
PAGE_SETTINGS = ("redirect_uri", "cookie_secret")
PROVIDER_SETTINGS = ("client_id", "client_secret", "server_metadata_url")

HOW_TO = "README.md, under “Sign-in”, tells how it is set up."


class SignInError(Exception):
    """Sign-in is set up in part, or the page is to be reached from elsewhere without it. The message says what to do."""


def sign_in_providers() -> dict[str, str | None]:
    """The OpenID Connect providers that are set up under `[auth]` in Streamlit's secrets.

    Returns:
        By the text of its button, the name that `st.login` takes; empty without sign-in.

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
    """Refuses to be reached from other machines without sign-in.

    Args:
        address: what the server listens on; None is every address there is.
        has_sign_in: whether sign-in is set up.

    Raises:
        SignInError: it would be.
    """
    if not has_sign_in and not is_loopback(address):
        raise SignInError(
            f"Without sign-in the page shows every account to whoever reaches it, so it listens on loopback (127.0.0.1) alone, "
            f"not on {address or 'every address'}. {HOW_TO}"
        )


def is_loopback(address: str | None) -> bool:
    """Whether an address is reached from this machine alone."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def signed_in_email() -> str | None:
    """The email address of who signed in; None where the provider gives none, or says that nobody has verified it."""
    if st.user.get("email_verified", True) in (False, "false"):
        return None
    email = st.user.get("email")
    return email if isinstance(email, str) else None
