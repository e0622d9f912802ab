"""One row per finished request, held in preallocated memory until it leaves in a frame."""
