"""What Locust fires: its fastest user, again and again without a pause."""

from locust import FastHttpUser, constant, task


class Null(FastHttpUser):
    """One connection's worth of requests."""

    wait_time = constant(0)

    @task
    def get(self) -> None:
        """The null server's only answer."""
        self.client.get("/")
