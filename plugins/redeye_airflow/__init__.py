"""The Airflow side of Redeye: operator, trigger, timetable and the DAGs' factory. Nothing here computes."""
