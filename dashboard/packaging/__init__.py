"""What is needed to build a wheel, and never imported by anything else."""
