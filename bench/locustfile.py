"""The requests of Locust: its fastest user, without a pause."""

from locust import FastHttpUser, constant, task


class Null(FastHttpUser):
    """The requests of one connection."""

    wait_time = constant(0)

    @task
    def get(self) -> None:
        """Request the null server's only response."""
        self.client.get("/")
