"""`make contact-id`: prints a contact's id in the landing zone, for systems that land leads, labels and outcomes of the same contact."""

from __future__ import annotations

import argparse
import sys

from outreach.connectors.contacts import contact_id, contact_key, normal_form


def main() -> int:
    """Prints the number's normal form and id, and returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="make contact-id", description=__doc__, usage="make contact-id NUMBER=+15550100001")
    parser.add_argument("number", help="the number, or another address, as it was written")
    number = parser.parse_args().number
    if not number.strip():
        parser.error("NUMBER is empty")
    print(f"{normal_form(number)}\t{contact_id(number, contact_key())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
