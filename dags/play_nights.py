"""Plays nights: what is missing of them is built, scored and judged, one night after the other, for every model.

Started by the action *Play nights* of Redeye's pages, by `make backfill`, or here by hand with `first` and `last`.
What is done already is left alone, so the same nights again run only what is missing. A training that a verdict or
a model's calendar asks for is waited for before the nights that it would serve are scored; a model without a
champion is trained first. One play at a time; another one waits, queued.

It holds no worker while it waits. To stop it: *Stop* on its page, or mark this run as failed. Nothing new begins
then; what runs ends by itself.

When a task is red:

- **`run_missing_steps`**: The log names the run that failed, with the end of its log. Mend that as its DAG says,
  then play again: it goes on with what is missing. `night … is the first one to play`: the warehouse ends before;
  begin with that night. Marked as failed by hand: somebody stopped it.
"""

from __future__ import annotations

from airflow.sdk import DAG

from redeye_airflow.dag_arguments import describe_dag, range_params, run_by_hand
from redeye_airflow.play_nights import PlayNightsOperator
from redeye_airflow.vocabulary import Tag

with DAG(
    dag_id="play_nights",
    **describe_dag(
        "Build, score and judge what is missing of some nights.", [Tag.MODEL, Tag.BY_HAND], __doc__
    ),
    **run_by_hand(range_params()),
):
    PlayNightsOperator(task_id="run_missing_steps")
