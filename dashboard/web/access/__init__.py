"""Who may use the page: the dashboard's own user, and clients with the start token."""
