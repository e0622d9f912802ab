"""What a view would do under another configuration: predicted from a few loads, pure functions."""
