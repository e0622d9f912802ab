"""The doors through which input comes in from outside, each with bad inputs for it."""
