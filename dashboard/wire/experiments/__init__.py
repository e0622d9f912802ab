"""The types of the answers of experiments: matrices, sweeps, surveys and claims."""
