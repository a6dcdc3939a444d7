"""A person, as Airflow knows its users."""

from __future__ import annotations

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser

from redeye.foundation.people.identity import Person


class OidcUser(BaseUser):
    """A person, as Airflow knows its users; the name is the id."""

    def __init__(self, person: Person) -> None:
        self.person = person

    def get_id(self) -> str:
        """What `assigned users` of a question would name."""
        return self.person.name

    def get_name(self) -> str:
        """What Airflow's log and Redeye's ledgers call them."""
        return self.person.name
