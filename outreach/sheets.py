"""What spreadsheets make of a cell's text."""

from __future__ import annotations

import re

# What makes a spreadsheet take a cell's text for a formula (OWASP, "CSV Injection"), also in the wide forms of East Asian keyboards.
FORMULA = re.compile(r"^[\s\x00]*[=+\-@|%＝＋－＠]|^[\t\r\n]")
