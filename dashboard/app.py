"""What Streamlit runs on every interaction: finds the viewer and the publication, then draws the page."""

from __future__ import annotations

import logging

import duckdb
import streamlit as st

from dashboard.cards import style
from dashboard.page import show_page
from dashboard.parts import notice, page_title
from dashboard.publication import NotPublished, Publication, current_publication
from dashboard.reports import NoAccess, Reports, accounts_of_email
from dashboard.sign_in import SignInError, check_address, sign_in_providers, signed_in_email
from dashboard.state import chosen_in_url
from outreach.settings import Settings

log = logging.getLogger("dashboard")


def main() -> None:
    """Draws the page, or says why it cannot."""
    st.set_page_config(page_title="Reporting", page_icon="📊", layout="wide")
    st.html(style())
    try:
        providers = sign_in_providers()
        check_address(st.get_option("server.address"), bool(providers))
        if providers and not st.user.is_logged_in:
            ask_to_sign_in(providers)
            return
        publication = current_publication(Settings.from_environment().published)
        show_page(signed_in(publication) if providers else picked(publication))
    except NotPublished as reason:
        page_title()
        notice(str(reason), "empty")
        st.button("Reload")
    except SignInError as reason:
        page_title()
        notice(str(reason), "error")
    except NoAccess:
        # Reached only if the viewer loses an account between the page's check and a query.
        notice("You may not see this account.", "error")
    except duckdb.Error:
        log.exception("A query failed")
        notice("The reports cannot be read at the moment. The reason is in the server's log; try again in a minute.", "error")
        st.button("Try again")


def ask_to_sign_in(providers: dict[str, str | None]) -> None:
    """Shows only the sign-in buttons.

    Args:
        providers: names for `st.login`, by the text of their button.
    """
    page_title()
    # The provider returns everyone to the page's root, without the link's parameters.
    again = " Then follow your link once more." if st.query_params else ""
    notice(f"Sign in to see the reports of your account.{again}", "empty")
    for text, provider in providers.items():
        st.button(text, on_click=st.login, args=[provider] if provider else [], type="primary", key=f"sign-in-{text}")


def signed_in(publication: Publication) -> Reports:
    """The reports of the signed-in viewer. Stops the page for an unknown one."""
    email = signed_in_email()
    viewers = accounts_of_email(publication, email) if email else ()
    with st.container(key="viewer_bar", horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        if viewers:
            notice(f"Signed in as {email}", "quiet")
        st.button("Sign out", on_click=st.logout, type="tertiary")
    if not viewers:
        page_title()
        notice(
            f"No account belongs to {email}. Ask whoever runs these reports to add you, or sign in with another address."
            if email
            else "Your sign-in provides no verified email address, so your account is unknown.",
            "error",
        )
        st.stop()
    return Reports(publication, viewers)


def picked(publication: Publication) -> Reports:
    """The reports of the account picked under *Viewing as*, on a machine without sign-in."""
    everyone = tuple(row["account_id"] for row in publication.ask("select account_id from marts.dim_accounts"))
    options = {account.account_id: account.label for account in Reports(publication, everyone).accounts()}
    if not options:
        page_title()
        notice("The published file has no account yet.", "empty")
        st.stop()
    viewer = st.query_params.get("viewer")
    is_known = viewer in options
    with st.container(key="viewer_bar", horizontal=True, vertical_alignment="bottom"):
        chosen_in_url(
            st.selectbox,
            "Viewing as",
            options,
            "viewer",
            viewer if is_known else Reports(publication, everyone).busiest(options),
            without=("account", "campaign", "template"),
            width=320,
        )
        notice("No sign-in is set up: anyone using this machine can view any account.", "warning")
    if viewer is not None and not is_known:
        notice("The account in the link’s “viewer” is unknown.", "warning")
    return Reports(publication, (st.session_state["viewer"],))


main()
