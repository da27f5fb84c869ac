"""Data quality: rules on the landing zone before a build, and on the marts after it."""

import os

# Great Expectations reads this when it is imported: nothing is reported to anybody.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
