"""Settings that Superset reads at start-up: everything stays in its home, and nothing leaves the machine."""

import os

SQLALCHEMY_DATABASE_URI = f"sqlite:///{os.environ['SUPERSET_HOME']}/superset.db"

# The row-level rule uses the viewer's name.
FEATURE_FLAGS = {"ENABLE_TEMPLATE_PROCESSING": True}

# All requests come from loopback, so a rate limit would count every user as one.
RATELIMIT_ENABLED = False
