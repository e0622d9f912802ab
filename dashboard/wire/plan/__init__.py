"""What is to be fired: the plan of a run, its fields, and how requests are sent."""
