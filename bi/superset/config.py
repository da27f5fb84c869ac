"""Superset's own settings, read by Superset: everything is in its home, and nothing leaves the machine."""

import os

SQLALCHEMY_DATABASE_URI = f"sqlite:///{os.environ['SUPERSET_HOME']}/superset.db"

# The rule that keeps viewers apart asks for the viewer's name.
FEATURE_FLAGS = {"ENABLE_TEMPLATE_PROCESSING": True}

# Every page of this server comes from loopback, so that a limit would count all of its users as one.
RATELIMIT_ENABLED = False
