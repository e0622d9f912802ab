"""Imports a run that another Liveburst exported, checked completely before it is stored."""
