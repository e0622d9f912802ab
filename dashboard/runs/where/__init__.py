"""One more firing at a lane, sampled and never counted: where its requests spend their time."""
