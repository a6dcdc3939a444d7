"""The operator that asks a person whether a candidate that passed every gate is promoted."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from redeye.foundation.errors import RedeyeError
from redeye.foundation.task_session import task_session
from redeye_airflow.nights import find_night_of_run


class CandidateApproval(ApprovalOperator):
    """Asks whether the night's candidate is promoted; skipped, and what follows with it, if none waits.

    What waits stands in the ledger, so a run that is cleared asks about the candidate that was judged. The answer is
    put there too, and by it alone the candidate is promoted: not by a state or an XCom, which others may set.

    Args:
        model: whose candidate it is.
    """

    def __init__(self, *, model: str, **kwargs: Any) -> None:  # noqa: ANN401  the operator's own
        # A person is waited for as long as it takes: a limit on running would become one on answering.
        super().__init__(subject=f"Promote a candidate of {model}?", execution_timeout=None, **kwargs)
        self.model = model

    @task_session()
    def execute(self, context: Context) -> Any:  # noqa: ANN401  the operator's own
        """Ask, and wait without holding a worker, unless nothing awaits an answer."""
        from redeye.promotion import approve

        proposal = approve.find_awaiting(self.model, find_night_of_run(context))
        if proposal is None:
            raise AirflowSkipException("no candidate awaits approval: it is not promoted")
        self.subject = f"{self.model}: promote version {proposal.version} ({proposal.algorithm})?"
        self.body = (
            f"Trained on what was known by night {proposal.night}, because: {proposal.asked}\n\n"
            f"{proposal.reason}\n\nIt would serve from night {proposal.effective_night} on, or from the first "
            "night that is not scored by then. Its card is in MLflow."
        )
        return super().execute(context)

    @task_session()
    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:  # noqa: ANN401
        """Record who approved, by which alone it is promoted; or who rejected, before what follows is skipped."""
        from redeye.promotion import approve

        person = _name(event.get("responded_by_user"))
        night, is_approved = (
            find_night_of_run(context),
            self.REJECT not in (event.get("chosen_options") or []),
        )
        try:
            approve.record_answer(self.model, night, is_approved=is_approved, person=person)
        except RedeyeError as error:
            # Tried again, it would ask again without having said why.
            raise AirflowFailException(str(error)) from error
        if not is_approved:
            approve.settle(self.model, night, is_approved=False, person=person)
        return super().execute_complete(context, event)


def _name(user: Any) -> str:  # noqa: ANN401  a mapping or an object, by Airflow's version
    """What the ledger calls a person who answered in Airflow; empty if nobody did, by whom nothing is promoted."""
    known = user if isinstance(user, dict) else {key: getattr(user, key, None) for key in ("name", "id")}
    return str(known.get("name") or known.get("id") or "")
