"""The edge: each vendor (DuckLake, Postgres, dbt, Great Expectations, Feast, MLflow) in one place."""
