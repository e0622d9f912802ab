"""What a person sees; runs in the Daphne process."""
