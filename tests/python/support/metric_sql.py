"""Prints, as JSON, the SQL that MetricFlow writes for the requests on standard input. It runs in the project's folder, and in a process of
its own, because it keeps the warehouse open.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest


def main() -> None:
    configuration = CLIConfiguration()
    configuration.setup(dbt_profiles_path=Path("profiles"), dbt_project_path=Path.cwd(), configure_file_logging=False)
    statements = []
    for request in json.load(sys.stdin):
        query = MetricFlowQueryRequest.create(
            metric_names=request["metrics"],
            group_by_names=request.get("group_by"),
            time_constraint_start=datetime.fromisoformat(request["start"]),
            time_constraint_end=datetime.fromisoformat(request["end"]),
            where_constraints=request.get("where"),
        )
        statements.append(configuration.mf.explain(query).sql_statement.sql)
    print(json.dumps(statements))


if __name__ == "__main__":
    main()
